import type { Language, PageRegion, PageService, PageView } from '../../model/page.ts'
import { en, type Messages } from './messages-en.ts'
import { ja } from './messages-ja.ts'

export type { Messages }

export const messages: Readonly<Record<Language, Messages>> = { en, ja }

const isJapanese = (code: string): boolean => /^JP(-|$)/.test(code)

/** A region as it is called in the page's language, where a table has that name. */
export const regionName = (words: Messages, { code, name, localName }: PageRegion): string =>
  (words.code === 'ja' && isJapanese(code) && localName !== '' ? localName : name) || code

/** The other name of a region: the local one, or in Japanese the English one. */
export const otherName = (words: Messages, region: PageRegion): string => {
  const other = words.code === 'ja' && isJapanese(region.code) ? region.name : region.localName
  return other === regionName(words, region) ? '' : other
}

export const viewName = (words: Messages, view: PageView): string =>
  view.country === '' ? words.world : regionName(words, { ...view, code: view.country, population: undefined })

/** A service by its title, a category by its name, and what neither has by its id. */
export const serviceName = (words: Messages, { id, title }: Pick<PageService, 'id' | 'title'>): string =>
  title || (Object.hasOwn(words.categories, id) ? (words.categories[id] ?? id) : id)

/** The day of an ISO time. */
export const day = (time: string): string => time.slice(0, 10)
