// A configuration: flags and routes, all of one revision, which is what a request checks.
import { ConcurrentMap } from '../../index.ts'

export type Route = { readonly handler: string; readonly revision: number }
export type Setting = number | string | boolean | Route
export type Config = ConcurrentMap<string, Setting>

export const paths = ['/', '/cart', '/checkout', '/search'] as const

/** The configuration that all threads share. */
export const openConfig = (name: string): Config =>
  ConcurrentMap.open<string, Setting>(name, { variant: 'snapshot' })

/** All settings of one revision: routes come and go with it. */
export function settingsOf(revision: number): [string, Setting][] {
  const handlers = ['classic', 'canary', 'maintenance']
  return [
    ['revision', revision],
    ['flag:new-search', revision % 2 === 0],
    ['flag:banner', `welcome to revision ${revision}`],
    ...paths.map((path, at): [string, Setting] => [
      `route:${path}`,
      { handler: handlers[(revision + at) % handlers.length] as string, revision },
    ]),
    [`beta:${revision % 10}`, revision],
  ]
}

/** Puts a whole configuration in the place of the one there is: nobody sees a mix. */
export const reload = (config: Config, revision: number): boolean => config.replaceAll(settingsOf(revision))
