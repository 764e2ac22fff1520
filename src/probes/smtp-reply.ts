import type { Step, Talk } from './talk.ts'

/** What a mail server says to a command. */
export interface Reply {
  readonly code: number
  readonly lines: readonly string[]
}

const mostLines = 64

/** A reply of one or more lines (RFC 5321 §4.2.1). */
export function* reply(talk: Talk): Step<Reply | undefined> {
  const lines: string[] = []
  for (;;) {
    const line = yield* talk.line(2048)
    const [, code, more] = /^([2-5]\d\d)([ -]?)/.exec(line ?? '') ?? []
    if (line === undefined || code === undefined || lines.length >= mostLines) return undefined
    lines.push(line)
    if (more !== '-') return { code: Number(code), lines }
  }
}
