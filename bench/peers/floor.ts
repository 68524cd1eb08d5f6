// The floor of the boundary: a raw native callback (u32, string) -> number that reads its arguments and looks
// nothing up. No native map can be faster than this.
import { native } from '../../lib/native.ts'
import { Incomplete, type Peer } from '../peer.ts'

class Floor extends Incomplete {
  override get(key: string): number {
    return native.floor(1, key)
  }
}

export const peers: readonly Peer[] = [
  {
    name: 'floor',
    note: 'native.floor(id, key) -> number: the price of the boundary alone, no map behind it',
    style: 'sync',
    does: ['get'],
    shared: true,
    answers: false,
    create: async () => ({ connect: () => ({ token: undefined }), close: () => {} }),
    attach: () => new Floor(),
  },
]
