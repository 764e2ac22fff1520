import { facets, type Bucket, type Counted, type Facet } from '../../model/engine.ts'
import { openAsker } from '../asker.ts'
import { judge, urlOf } from '../judge.ts'
import type { Surveyor, SurveyorOptions, Wanted } from '../surveyor.ts'
import { countedFacets, countRequest, isAskable, mostBuckets, objection, type WantedFacet } from './counts.ts'
import { errorOf, readBalance, readCounted } from './answers.ts'
import { censysFacts } from './facts.ts'

/** Counts of hosts of the Censys Platform, a credit a facet: see counts.ts. */
export function openCensys(options: SurveyorOptions): Surveyor {
  const endpoint = options.endpoint ?? censysFacts.endpoint
  const parts = (): { token: string; organisation: string } => {
    const [token = '', organisation = ''] = options.key().split(':', 2)
    return { token, organisation }
  }
  const asker = openAsker({
    http: options.http,
    request: ({ path, params, body }) => ({
      url: urlOf(endpoint, path, params),
      method: body === undefined ? 'GET' : 'POST',
      headers: {
        'user-agent': 'exposure-census',
        accept: 'application/json',
        authorization: `Bearer ${parts().token}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body }),
    }),
    judge: (answer) => judge(answer, errorOf, Object.values(parts())),
    requestsPerSecond: options.requestsPerSecond ?? censysFacts.requestsPerSecond,
    retryBudget: options.retryBudget,
    maxCredits: options.maxCredits,
  })
  return {
    facts: censysFacts,
    endpoint,
    mostBuckets,
    facets: countedFacets,
    preparations: [],
    isAskable,
    objection,
    creditsOf: (wanted) => requestsOf(wanted).length,
    describe: (question, wanted) =>
      requestsOf(wanted)
        .map((facet) => {
          const { path, body } = countRequest(question, facet)
          return `POST ${path} ${body}`
        })
        .join(' and '),
    account: () => {
      const { organisation } = parts()
      const whose = organisation === '' ? 'users' : `organizations/${encodeURIComponent(organisation)}`
      const path = `/v3/accounts/${whose}/credits`
      return asker.ask({ what: 'credits', path, params: {}, credits: 0, read: readBalance })
    },
    abilities: async () => ({ facets: countedFacets, knowsServices: true }),
    count: async (what, question, wanted) => {
      const buckets: Partial<Record<Facet, readonly Bucket[]>> = {}
      let total = 0
      for (const facet of requestsOf(wanted).toReversed()) {
        const { path, body } = countRequest(question, facet)
        const { organisation } = parts()
        const counted: Counted = await asker.ask({
          what: facet === undefined || requestsOf(wanted).length === 1 ? what : `${what}, by ${facet.facet}`,
          path,
          params: organisation === '' ? {} : { organization_id: organisation },
          body,
          credits: 1,
          read: (json) => readCounted(json, facet),
        })
        // The last is that of the first facet, regions: their sum is held against it.
        ;({ total } = counted)
        Object.assign(buckets, counted.buckets)
      }
      return { total, buckets }
    },
    get ledger() {
      return asker.ledger
    },
    requests: asker.requests,
  }
}

/** A request has one facet; without any, it tells the total. */
function requestsOf(wanted: Wanted): readonly (WantedFacet | undefined)[] {
  const list = facets.flatMap((facet) => {
    const size = wanted[facet]
    return size === undefined ? [] : [{ facet, size }]
  })
  return list.length === 0 ? [undefined] : list
}
