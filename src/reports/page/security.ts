import { createHash } from 'node:crypto'
import { h, type Element } from './markup.ts'

const hashed = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`

/** Allows a page its own style and script, word for word, and nothing else: no request, no frame, no form (Content Security Policy Level 3). */
export const securityPolicy = (style: string, script: string): Element =>
  h('meta', {
    'http-equiv': 'Content-Security-Policy',
    content: `${ownOnly(style, script)}; base-uri 'none'; form-action 'none'`,
  })

/** The same of a page that a server sends, as the header field: in nobody's frame, and with forms where they lead to that server. */
export const servedPolicy = (style: string, script: string | undefined, hasForms: boolean): string =>
  `${ownOnly(style, script)}; base-uri 'none'; form-action ${hasForms ? "'self'" : "'none'"}; frame-ancestors 'none'`

const ownOnly = (style: string, script: string | undefined): string =>
  `default-src 'none'; style-src ${hashed(style)}${script === undefined ? '' : `; script-src ${hashed(script)}`}`
