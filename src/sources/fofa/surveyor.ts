import { engineAsker } from '../asker.ts'
import { judge, urlOf } from '../judge.ts'
import type { Surveyor, SurveyorOptions } from '../surveyor.ts'
import { errorOf, pointsPerRequest, readAccount, readCounted } from './answers.ts'
import { countedFacets, countParams, fofaQuery, isAskable, mostBuckets, path, shortestList, sizeOf } from './counts.ts'
import { fofaFacts } from './facts.ts'

/** Counts of FOFA's records: see counts.ts. */
export function openFofa(options: SurveyorOptions): Surveyor {
  const endpoint = options.endpoint ?? fofaFacts.endpoint
  const asker = engineAsker(options, fofaFacts, {
    request: (asked) => ({
      url: urlOf(endpoint, asked.path, { ...asked.params, key: options.key() }),
      headers: { 'user-agent': 'exposure-census', accept: 'application/json' },
    }),
    judge: (answer) => judge(answer, errorOf, [options.key()]),
  })
  return {
    facts: fofaFacts,
    endpoint,
    mostBuckets,
    shortestList,
    facets: countedFacets,
    preparations: [],
    isAskable: (_, value) => isAskable(value),
    objection: () => undefined,
    creditsOf: () => pointsPerRequest,
    describe: (question, wanted) => {
      const { qbase64: _, ...params } = countParams(question, sizeOf(wanted))
      return `GET ${path}?${new URLSearchParams(params).toString()}&qbase64= of ${fofaQuery(question)}`
    },
    account: () => asker.ask({ what: 'account', path: '/api/v1/info/my', params: {}, credits: 0, read: readAccount }),
    abilities: async () => ({ facets: countedFacets, knowsServices: true }),
    count: (what, question, wanted) => {
      const size = sizeOf(wanted)
      return asker.ask({
        what,
        path,
        params: countParams(question, size),
        credits: pointsPerRequest,
        read: (json) => readCounted(json, question.country, size),
      })
    },
    get ledger() {
      return asker.ledger
    },
    requests: asker.requests,
  }
}
