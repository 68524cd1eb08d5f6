// One request: everything that it looks up on its way must be of one configuration.
import type { Config, Route, Setting } from './config.ts'

/** What a request reads its configuration from. */
type Source = { get(key: string): Setting | undefined; has(key: string): boolean }

export type Answer = { readonly revision: number; readonly handler: string; readonly mixed: boolean }

function answer(source: Source, path: string): Answer {
  const revision = source.get('revision') as number
  const route = source.get(`route:${path}`) as Route
  const banner = source.get('flag:banner')
  const whole =
    route.revision === revision &&
    source.get('flag:new-search') === (revision % 2 === 0) &&
    banner === `welcome to revision ${revision}` &&
    source.get(`beta:${revision % 10}`) === revision &&
    !source.has(`beta:${(revision + 1) % 10}`)
  return { revision, handler: route.handler, mixed: !whole }
}

/** Answers by one configuration, whatever is reloaded meanwhile. */
export function serve(config: Config, path: string): Answer {
  using snapshot = config.snapshot()
  return answer(snapshot, path)
}

/** Answers by whatever each look finds. */
export const serveCarelessly = (config: Config, path: string): Answer => answer(config, path)
