import { list } from './fields.ts'
import { at, type Foreign, text } from './observation.ts'

/**
 * The head of an HTTP response as text, from the parts that scanners keep: what the recogniser reads in a banner.
 * `headers` maps names (`content_type` and `Content-Type` alike) to text or lists of text; zgrab2 and Censys keep the less
 * usual ones as `unknown: [{key, value}]`. The page's title follows the empty line as the element it was.
 */
export function httpBanner(parts: {
  readonly statusLine: string | undefined
  readonly headers?: Foreign
  readonly title?: string | undefined
}): string | undefined {
  const lines = parts.statusLine === undefined ? [] : [parts.statusLine]
  if (typeof parts.headers === 'object' && parts.headers !== null) {
    for (const [name, value] of Object.entries(parts.headers)) {
      if (name === 'unknown')
        for (const other of list(value)) lines.push(...header(text(at(other, 'key')), at(other, 'value')))
      else if (!name.startsWith('_')) lines.push(...header(name, value))
    }
  }
  if (parts.title !== undefined) lines.push('', `<title>${parts.title}</title>`)
  return lines.length === 0 ? undefined : `${lines.join('\r\n')}\r\n`
}

/** The title of an HTML page. */
export function htmlTitle(body: Foreign): string | undefined {
  const found = typeof body === 'string' ? /<title[^>]{0,200}>([^<]{1,500})/i.exec(body.slice(0, 65_536)) : undefined
  return text(found?.[1]?.trim())
}

function header(name: string | undefined, value: Foreign): string[] {
  const shown = (name ?? '').replaceAll('_', '-').replace(/(^|-)[a-z]/g, (letter) => letter.toUpperCase())
  const values = Array.isArray(value) ? list(value) : [value]
  return values.map(text).flatMap((one) => (one === undefined || shown === '' ? [] : [`${shown}: ${one}`]))
}
