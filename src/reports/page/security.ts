import { createHash } from 'node:crypto'
import { h, type Element } from './markup.ts'

const hashed = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`

/** Allows a page its own style and script, word for word, and nothing else: no request, no frame, no form (Content Security Policy Level 3). */
export const securityPolicy = (style: string, script: string): Element =>
  h('meta', {
    'http-equiv': 'Content-Security-Policy',
    content: `default-src 'none'; style-src ${hashed(style)}; script-src ${hashed(script)}; base-uri 'none'; form-action 'none'`,
  })
