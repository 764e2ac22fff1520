import { loadServices } from '../../src/recognise/service.ts'

/** What an engine calls services first, by Shodan's module. */
export const namesByModule = (source: 'censys' | 'fofa' | 'quake' | 'onyphe'): ReadonlyMap<string, string> =>
  new Map(
    loadServices().services.flatMap(({ names }) => {
      const [first] = names[source] ?? []
      return first === undefined ? [] : (names.shodan ?? []).map((module) => [module, first] as const)
    }),
  )
