import { readFileSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { survey, type Surveyed } from '../../src/pipeline/survey.ts'
import type { CrossBreakdown } from '../../src/model/tally.ts'
import { syntheticBanners } from '../helpers/engine-banners.ts'
import { censysAnswers } from '../helpers/engine-censys.ts'
import { startEngine, type Answer, type Engine } from '../helpers/engine.ts'
import { temporaryFolder } from '../helpers/store.ts'

// What an odd or hostile engine answers, and what it must not do to a survey.

const banners = syntheticBanners(600, { seed: 7 })
const token = 'canary-token-0123456789'

interface Asked {
  readonly services: readonly string[]
  readonly by?: readonly CrossBreakdown[]
  readonly maxCredits?: number
}

async function asking(
  answer: Answer,
  { services, by = [], maxCredits = 1000 }: Asked,
): Promise<{ readonly store: string; readonly engine: Engine; readonly survey: () => Promise<Surveyed> }> {
  const engine = await startEngine({ answer })
  onTestFinished(() => engine.close())
  const store = join(await temporaryFolder(), 'store')
  const source = { engine: 'censys', key: () => token, endpoint: engine.url, isExperimental: true } as const
  const sources = [{ ...source, requestsPerSecond: 1000, maxCredits }]
  return { store, engine, survey: () => survey({ store, sources, country: 'JP', by, http: {}, services }) }
}

/** The right answers, but for the name of the first bucket by networks or by regions. */
const naming = (field: 'asn' | 'province', key: string): Answer => {
  const right = censysAnswers(banners)
  return async (request) => {
    const reply = await right(request)
    const { result } = reply.body as { readonly result: { readonly buckets: { key: string }[] } }
    const [first] = result.buckets
    const asked = JSON.parse(request.body) as { readonly field: string }
    if (first !== undefined && asked.field.endsWith(field)) first.key = key
    return reply
  }
}

test.each(['AS64496', 'unknown', '12345678901'])('a network named %j does not end the survey', async (key) => {
  const asked = await asking(naming('asn', key), { services: ['ntp'], by: ['network'] })
  expect((await asked.survey()).manifest.sources).toEqual(['censys'])
})

test('a survey by networks that cannot be paid is not begun', async () => {
  // `all` twice, ntp by networks and ntp by regions, without a single network by regions.
  const asked = await asking(censysAnswers(banners), { services: ['ntp'], by: ['network'], maxCredits: 3 })
  await expect(asked.survey()).rejects.toMatchObject({ exit: 2 })
  expect(asked.engine.connections()).toBe(0)
})

test('a service that cannot be asked for is missing however it is written', async () => {
  const asked = await asking(censysAnswers(banners), { services: ['HTTP', 'ntp'] })
  expect((await asked.survey()).manifest.missing).toHaveLength(1)
})

test.each(['province', 'asn'] as const)(
  'the token is kept nowhere though it is the name of a bucket of %s',
  async (field) => {
    const asked = await asking(naming(field, token), { services: ['ntp'], by: ['network'] })
    // Without regions there is no survey, and nothing is kept.
    const done = await asked.survey().catch((error: unknown) => error)
    if (field === 'province') expect(done).toMatchObject({ exit: 1 })
    expect(String(done)).not.toContain(token)
    if (field === 'province') return
    const files = (await readdir(asked.store, { recursive: true, withFileTypes: true })).filter((each) => each.isFile())
    const leaks = files.filter(({ parentPath, name }) => readFileSync(join(parentPath, name), 'latin1').includes(token))
    expect(leaks.map(({ name }) => name)).toEqual([])
  },
)
