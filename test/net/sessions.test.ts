import { describe, expect, onTestFinished, test } from 'vitest'
import { gated, sessionPath } from '../../src/net/gate.ts'
import { listen } from '../../src/net/server.ts'
import { sessions, type Sessions } from '../../src/net/sessions.ts'

interface Opened {
  readonly open: Sessions
  /** Tokens told, the last of which begins the next session. */
  readonly tokens: string[]
  /** Sets the time. */
  readonly at: (ms: number) => void
}

function opened(): Opened {
  const tokens: string[] = []
  let time = 0
  const open = sessions({
    cookie: 'c',
    onToken: (token) => void tokens.push(token),
    linkMs: 1000,
    sessionMs: 5000,
    now: () => time,
  })
  return { open, tokens, at: (ms) => void (time = ms) }
}

const pairOf = (cookie: string | undefined): string => cookie?.split(';')[0] ?? ''

describe('sessions', () => {
  test('a link begins one session; the next needs the next link', () => {
    const { open, tokens } = opened()
    const [first = ''] = tokens
    expect(Buffer.from(first, 'base64url')).toHaveLength(32)
    const cookie = open.begin(first)
    expect(cookie).toMatch(/^c=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict$/)
    expect(open.begin(first)).toBeUndefined()
    expect(tokens).toHaveLength(2)
    const second = open.begin(tokens[1] ?? '')
    expect(second).not.toBe(cookie)
    // Two readers at a time.
    for (const each of [cookie, second]) expect(open.has(pairOf(each))).toBe(true)
    expect(open.has(`a=b; ${pairOf(cookie)}; d=e`)).toBe(true)
  })

  test.each([undefined, '', 'c', 'c=', 'c=x', 'd=x', '=;=;;', `c=${'x'.repeat(43)}`])(
    '%j is no session, and no token',
    (text) => {
      const { open, tokens } = opened()
      expect(open.has(text)).toBe(false)
      expect(open.begin(text ?? '')).toBeUndefined()
      open.begin(tokens[0] ?? '')
      expect(open.has(text)).toBe(false)
      // The token itself is none.
      expect(open.has(`c=${tokens[0]}`)).toBe(false)
    },
  )

  test('a link that comes too late begins nothing, and another is told; guesses change nothing', () => {
    const { open, tokens, at } = opened()
    at(1001)
    expect(open.begin('a guess')).toBeUndefined()
    expect(tokens).toHaveLength(1)
    expect(open.begin(tokens[0] ?? '')).toBeUndefined()
    expect(tokens).toHaveLength(2)
    expect(open.begin(tokens[0] ?? '')).toBeUndefined()
    expect(tokens).toHaveLength(2)
    expect(open.begin(tokens[1] ?? '')).toBeDefined()
  })

  test('a session ends', () => {
    const { open, tokens, at } = opened()
    const pair = pairOf(open.begin(tokens[0] ?? ''))
    at(5000)
    expect(open.has(pair)).toBe(true)
    at(5001)
    expect(open.has(pair)).toBe(false)
    at(0)
    expect(open.has(pair)).toBe(false)
  })

  test('of more than a hundred the first ends', () => {
    const { open, tokens } = opened()
    const pairs = Array.from({ length: 101 }, () => pairOf(open.begin(tokens.at(-1) ?? '')))
    expect(pairs.map((pair) => open.has(pair))).toEqual([false, ...Array.from({ length: 100 }, () => true)])
  })
})

describe('the gate', () => {
  async function gate(isOpen: boolean): Promise<{ readonly url: string; readonly tokens: string[]; asked: string[] }> {
    const { open, tokens } = opened()
    const asked: string[] = []
    const told = (status: number, text: string) => ({ status, headers: {}, text })
    const handler = gated(
      ({ target }) => {
        asked.push(target)
        return Promise.resolve(told(200, 'a page'))
      },
      told,
      isOpen ? undefined : open,
    )
    const listening = await listen(0, handler, { told })
    onTestFinished(() => listening.close())
    return { url: listening.url, tokens, asked }
  }

  test('shows nothing without a session, not even what there is not', async () => {
    const { url, tokens, asked } = await gate(false)
    for (const path of ['/', '/x', '/snapshots/a', sessionPath, `${sessionPath}x`])
      expect((await fetch(url + path)).status, path).toBe(403)
    expect(asked).toEqual([])
    const begun = await fetch(`${url}${sessionPath}${tokens[0]}`, { redirect: 'manual' })
    expect(begun.status).toBe(303)
    expect(begun.headers.get('location')).toBe('/')
    const cookie = pairOf(begun.headers.getSetCookie()[0])
    expect(await (await fetch(`${url}/x`, { headers: { cookie } })).text()).toBe('a page')
    expect((await fetch(`${url}${sessionPath}${tokens[0]}`, { redirect: 'manual' })).status).toBe(403)
    expect(asked).toEqual(['/x'])
  })

  test.each<[string, RequestInit]>([
    ['HEAD', { method: 'HEAD' }],
    ['a look ahead', { headers: { 'sec-purpose': 'prefetch' } }],
    ['an older look ahead', { headers: { purpose: 'prefetch' } }],
    ['a page of another site', { headers: { 'sec-fetch-site': 'cross-site' } }],
    ['POST', { method: 'POST' }],
  ])('%s does not use a link up', async (_, init) => {
    const { url, tokens } = await gate(false)
    const link = `${url}${sessionPath}${tokens[0]}`
    expect((await fetch(link, init)).headers.getSetCookie()).toEqual([])
    expect((await fetch(link, { redirect: 'manual' })).headers.getSetCookie()).toHaveLength(1)
  })

  test.each<[string, RequestInit, string, number]>([
    ['GET', {}, '/', 200],
    ['HEAD', { method: 'HEAD' }, '/', 200],
    ['POST', { method: 'POST', body: 'a=b' }, '/', 405],
    ['PUT', { method: 'PUT' }, '/', 405],
    ['DELETE', { method: 'DELETE' }, '/', 405],
    ['OPTIONS', { method: 'OPTIONS' }, '/', 405],
    ['a long address', {}, `/${'x'.repeat(2048)}`, 414],
    ['an address of the same origin', { headers: { 'sec-fetch-site': 'same-origin' } }, '/', 200],
    ['one that was typed', { headers: { 'sec-fetch-site': 'none' } }, '/', 200],
    ['one of another site', { headers: { 'sec-fetch-site': 'cross-site' } }, '/', 403],
    ['one of another port', { headers: { 'sec-fetch-site': 'same-site' } }, '/', 403],
  ])('%s: as it should be', async (_, init, path, status) => {
    const { url } = await gate(true)
    const response = await fetch(url + path, init)
    expect(response.status).toBe(status)
    expect(response.headers.get('allow')).toBe(status === 405 ? 'GET, HEAD' : null)
  })
})
