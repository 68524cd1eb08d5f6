/**
 * Codecs: how values that are not stored natively become bytes or text and back. Only objects reach a codec;
 * primitives and `Uint8Array`s are stored as they are. Codecs run outside of every lock, on the calling thread.
 */
import { Deserializer, Serializer } from 'node:v8'
import { kindOf, makeError } from './errors.ts'

/** A codec of one's own. `name` is part of the map's options: all threads open the map with a codec of that name. */
export interface Codec<T = unknown> {
  readonly name: string
  /** Makes bytes or text of an object; may throw, and then nothing is stored. */
  encode(value: T): Uint8Array | string
  /** Makes the object again, a fresh one each time. */
  decode(payload: Uint8Array | string): T
}

/** The codecs that come with the package. */
export type CodecName = 'clone' | 'json'

function dataCloneError(message: string): Error {
  return makeError('THREADMAP_DATA_CLONE', message)
}

/** Structured clone to bytes: views keep sharing their buffer, and what cannot be cloned throws `DataCloneError`. */
class CloneSerializer extends Serializer {
  _getDataCloneError(message: string): Error {
    return dataCloneError(message)
  }

  _getSharedArrayBufferId(): never {
    throw dataCloneError(
      'a SharedArrayBuffer could not be cloned: a map holds copies. Store its bytes instead',
    )
  }
}

const clone: Codec = {
  name: 'clone',
  encode(value) {
    const serializer = new CloneSerializer()
    serializer.writeHeader()
    serializer.writeValue(value)
    return serializer.releaseBuffer()
  },
  decode(payload) {
    const deserializer = new Deserializer(payload as Uint8Array)
    deserializer.readHeader()
    return deserializer.readValue()
  },
}

const json: Codec = {
  name: 'json',
  encode(value) {
    const text: string | undefined = JSON.stringify(value)
    if (text === undefined) throw dataCloneError('the value could not be cloned: JSON has no form for it')
    return text
  },
  decode: (payload) => JSON.parse(payload as string),
}

const BUILT_IN: readonly Codec[] = [clone, json]

/** The codec that comes with the package under that name. */
export function builtInCodec(name: string): Codec | undefined {
  return BUILT_IN.find((codec) => codec.name === name)
}

/** Whether a value goes through the codec. Functions and symbols don't: native code refuses them. */
export function needsCodec(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !(value instanceof Uint8Array)
}

/** The form in which a codec's product crosses to native code. */
export function encode(codec: Codec, value: object): readonly [Uint8Array | string] {
  const payload = codec.encode(value)
  if (typeof payload !== 'string' && !(payload instanceof Uint8Array)) {
    throw makeError(
      'THREADMAP_CODEC',
      `encode() of the codec '${codec.name}' must give a Uint8Array or a string, got ${kindOf(payload)}: ` +
        'nothing was stored',
    )
  }
  return [payload]
}
