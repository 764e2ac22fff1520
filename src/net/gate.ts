import type { Handler, ServerAnswer } from './server.ts'
import type { Sessions } from './sessions.ts'

/** Longer ones are of nobody who followed a link of ours. */
const longestTarget = 2048

export type PageAnswer = Extract<ServerAnswer, { text: string }>

/** Where the link that begins a session leads. */
export const sessionPath = '/session/'

/**
 * Lets through to pages what may see them: GET and HEAD, of addresses that are not too long, not from a page of another
 * site, and, where sessions are asked for, in one. The link that begins a session is the one GET that changes anything.
 */
export function gated(
  handle: Handler,
  told: (status: number, error: string) => PageAnswer,
  open: Sessions | undefined,
): Handler {
  return async (request) => {
    const { method, target, headers } = request
    if (method !== 'GET' && method !== 'HEAD') {
      const answer = told(405, 'Only GET and HEAD are answered')
      return { ...answer, headers: { ...answer.headers, allow: 'GET, HEAD' } }
    }
    if (target.length > longestTarget) return told(414, 'The address is too long')
    if (['cross-site', 'same-site'].includes(String(headers['sec-fetch-site'])))
      return told(403, 'A page of another site led here: enter the address yourself')
    if (open === undefined) return handle(request)
    if (target.startsWith(sessionPath)) {
      // What only looks ahead must not use the link up.
      const isMeant = method === 'GET' && headers['sec-purpose'] === undefined && headers['purpose'] === undefined
      const cookie = isMeant ? open.begin(target.slice(sessionPath.length)) : undefined
      if (cookie === undefined)
        return told(403, 'This link was used, or is too old: census has printed the one to use where it runs')
      const answer = told(303, 'The session has begun')
      return { ...answer, headers: { ...answer.headers, location: '/', 'set-cookie': cookie } }
    }
    if (!open.has(headers.cookie))
      return told(403, 'To look at this store, open the link that census printed where it runs')
    return handle(request)
  }
}
