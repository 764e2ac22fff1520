import { afterEach, expect, test } from 'vitest'
import { openHttp } from '../../src/net/http.ts'
import { openAsker, Unanswered } from '../../src/sources/asker.ts'
import { judge, urlOf } from '../../src/sources/judge.ts'
import { startEngine, type Engine, type Fault } from '../helpers/engine.ts'

const engines: Engine[] = []
afterEach(async () => {
  for (const engine of engines.splice(0)) await engine.close()
})

/** Asks an engine so many times, one after another, and tells how long it was between requests. */
async function gaps(times: number, requestsPerSecond: number, faults?: (n: number) => Fault | undefined) {
  const engine = await startEngine({ answer: () => ({ body: {} }), ...(faults === undefined ? {} : { faults }) })
  engines.push(engine)
  const http = openHttp()
  const asker = openAsker({
    http,
    request: ({ path, params }) => ({ url: urlOf(engine.url, path, params) }),
    judge: (answer) => judge(answer, () => undefined, []),
    requestsPerSecond,
    retryBudget: 10,
    maxCredits: 0,
  })
  for (let nth = 0; nth < times; nth++)
    await asker.ask({ what: 'x', path: '/', params: {}, credits: 0, read: () => true })
  await http.close()
  const at = engine.requests.map((request) => request.at)
  return at.slice(1).map((time, index) => time - (at[index] ?? 0))
}

test('requests keep their distance, at any seam', async () => {
  // Twice as fast as allowed would be 100 ms; two at the seam of two intervals were 2 to 8 ms apart.
  for (const gap of await gaps(8, 5)) expect(gap).toBeGreaterThan(100)
}, 30_000)

test.each(['1', '0.8'])('an engine that asks for a pause of %s s is given it', async (retryAfter) => {
  const [gap = 0] = await gaps(1, 1000, (n) => (n === 0 ? { fault: 'too-many', retryAfter } : undefined))
  expect(gap).toBeGreaterThan(700)
})

test('an answer that took more than was reckoned is the last', async () => {
  const engine = await startEngine({ answer: () => ({ body: {} }) })
  engines.push(engine)
  const http = openHttp()
  const asker = openAsker({
    http,
    request: ({ path, params }) => ({ url: urlOf(engine.url, path, params) }),
    judge: (_, { what }) =>
      what === 'dear' ? { kind: 'refused', why: 'it took 7', spent: 6 } : { kind: 'answer', json: {}, text: '{}' },
    requestsPerSecond: 1000,
    retryBudget: 10,
    maxCredits: 100,
  })
  const ask = (what: string): Promise<unknown> =>
    asker.ask({ what, path: '/', params: {}, credits: 1, read: () => true }).catch((error: unknown) => error)
  expect(await ask('cheap')).toBe(true)
  for (const what of ['dear', 'cheap']) {
    const error = await ask(what)
    expect(error).toBeInstanceOf(Unanswered)
    expect(error).toMatchObject({ refused: true, why: 'it took 7' })
  }
  await http.close()
  expect(engine.requests).toHaveLength(2)
  expect(asker.ledger).toMatchObject({ attempts: 2, retries: 0, credits: 8 })
  expect(asker.requests.map(({ attempts, credits }) => [attempts, credits])).toEqual([
    [1, 1],
    [1, 7],
    [0, 0],
  ])
})
