import { printable } from '../text.ts'

/** An element of HTML or SVG, or text; `raw` is for our own style and script, and JSON that `safeJson` made. */
export type Markup = string | Element
export interface Element {
  readonly tag: string
  readonly attributes: Readonly<Record<string, string>>
  readonly children: readonly Markup[]
  readonly raw?: string
}

type Value = string | number | boolean | undefined
type Child = Markup | undefined | readonly (Markup | undefined)[]

/** An element. Attributes that are false or undefined are left out; those that are true stand without a value. */
export function h(
  tag: string,
  attributes: Readonly<Record<string, Value>> = {},
  ...children: readonly Child[]
): Element {
  const given = Object.entries(attributes).filter(([, value]) => value !== undefined && value !== false)
  return {
    tag,
    attributes: Object.fromEntries(given.map(([name, value]) => [name, value === true ? '' : String(value)])),
    children: children.flat().filter((child) => child !== undefined),
  }
}

/** A style or script with its text as it is. */
export function rawElement(
  tag: 'style' | 'script',
  attributes: Readonly<Record<string, string>>,
  raw: string,
): Element {
  if (/<\/|<!--/.test(raw)) throw new Error(`a ${tag} would end early`)
  return { tag, attributes, children: [], raw }
}

const childless = new Set(['meta', 'input', 'br', 'link', 'hr', 'col'])
/** Elements after which a line may end without a difference to be seen. */
const block =
  /^(html|head|body|meta|title|style|script|header|main|footer|section|div|p|h\d|ul|ol|li|dl|dt|dd|table|thead|tbody|tfoot|tr|figure|figcaption|svg|g|defs|pattern|path|select|option|optgroup|details|summary|nav|label)$/

/** Text of a page: the one place where an element becomes characters. */
export function render(markup: Markup): string {
  if (typeof markup === 'string') return escaped(markup)
  const { tag, attributes, children, raw } = markup
  const given = Object.entries(attributes).map(
    ([name, value]) => ` ${name}${value === '' ? '' : `="${escaped(value)}"`}`,
  )
  const end = block.test(tag) ? '\n' : ''
  if (childless.has(tag)) return `<${tag}${given.join('')}>${end}`
  return `<${tag}${given.join('')}>${raw ?? children.map(render).join('')}</${tag}>${end}`
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

const escaped = (text: string): string => shown(text).replaceAll(/[&<>"']/g, (character) => entities[character] ?? '')

/** Text from outside as it may be shown: nothing that is invisible, turns the writing round, or is half a character. */
export const shown = (text: string): string =>
  printable(text)
    .toWellFormed()
    .replaceAll(/[\ufdd0-\ufdef\ufffe\uffff]/g, '\ufffd')

/** JSON that can stand in a script element, its texts fit to be shown. */
export const safeJson = (value: unknown): string =>
  JSON.stringify(value, (_, each: unknown) => (typeof each === 'string' ? shown(each) : each)).replaceAll(
    '<',
    '\\u003c',
  )
