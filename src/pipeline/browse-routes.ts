import { readTarget } from '../api/request.ts'
import { languages, type Language } from '../model/page.ts'

/** What an address of the store's pages asks for, in which language. */
export interface Route {
  readonly language: Language
  /** Parts of the path after the language. */
  readonly parts: readonly string[]
  /** The only value of a parameter; empty when it is not there. */
  readonly query: (name: string) => string
}

/** @throws ApiError 400 for an address that cannot be read */
export function routeOf(target: string): Route {
  const { path, parameters } = readTarget(target)
  const parts = path.split('/').filter((part) => part !== '')
  const named = languages.find((language) => language === parts[0] && language !== 'en')
  return {
    language: named ?? 'en',
    parts: named === undefined ? parts : parts.slice(1),
    query: (name) => {
      const values = parameters.get(name) ?? []
      return values.length === 1 ? (values[0] ?? '') : ''
    },
  }
}
