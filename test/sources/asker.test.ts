import { afterEach, expect, test } from 'vitest'
import { openHttp } from '../../src/net/http.ts'
import { openAsker } from '../../src/sources/asker.ts'
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
