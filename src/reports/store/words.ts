import type { Language } from '../../model/page.ts'
import type { StorePlaceName } from '../../model/store-page.ts'
import { messages, regionName, type Messages } from '../page/words.ts'
import { en, type StoreMessages } from './messages-en.ts'
import { ja } from './messages-ja.ts'

/** The texts of a page in one language: those of report.html, and those of the store's pages. */
export interface Words {
  readonly language: Language
  readonly page: Messages
  readonly store: StoreMessages
}

const stores: Readonly<Record<Language, StoreMessages>> = { en, ja }

export const wordsIn = (language: Language): Words => ({
  language,
  page: messages[language],
  store: stores[language],
})

/** A place as it is called: by its name, by what is unknown of it, or as the world. */
export function placeName({ page }: Words, place: StorePlaceName): string {
  if (place.code === '') return page.world
  if (place.code.endsWith('unknown')) return page.unknown
  return regionName(page, { ...place, population: undefined })
}

/** The address of a page: English ones have no prefix. Every part is escaped, and so is every value of the query. */
export function pathTo(
  { language }: Pick<Words, 'language'>,
  parts: readonly string[],
  query: Readonly<Record<string, string>> = {},
): string {
  const path = [...(language === 'en' ? [] : [language]), ...parts].map(encodeURIComponent).join('/')
  const asked = new URLSearchParams(query).toString()
  return `/${path}${asked === '' ? '' : `?${asked}`}`
}
