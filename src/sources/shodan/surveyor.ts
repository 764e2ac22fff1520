import { facets, type Facet } from '../../model/engine.ts'
import { engineAsker, type Asked } from '../asker.ts'
import { judge, urlOf } from '../judge.ts'
import type { Surveyor, SurveyorOptions } from '../surveyor.ts'
import { errorOf, readCounted, readCredits, readNames } from './answers.ts'
import { shodanFacts } from './facts.ts'
import { keyOfLine, readPage, rowsPerPage } from './pages.ts'
import { facetList, isAskable, mostBuckets, shodanNames, shodanQuery } from './query.ts'

/** Shodan's counts, which cost nothing: GET /shodan/host/count (https://developer.shodan.io/api). */
export function openShodan(options: SurveyorOptions): Surveyor {
  const endpoint = options.endpoint ?? shodanFacts.endpoint
  const asker = engineAsker(options, shodanFacts, {
    request: ({ path, params }) => ({
      url: urlOf(endpoint, path, { ...params, key: options.key() }),
      headers: { 'user-agent': 'exposure-census' },
    }),
    judge: (answer) => judge(answer, errorOf, [options.key()]),
  })
  const get = <T>(
    what: string,
    path: string,
    read: Asked<T>['read'],
    params: Record<string, string> = {},
  ): Promise<T> => asker.ask({ what, path, params, credits: 0, read })
  return {
    facts: shodanFacts,
    endpoint,
    mostBuckets,
    facets: new Set(facets),
    preparations: ['filters', 'facets'].map((what) => ({
      what,
      request: `GET /shodan/host/search/${what}`,
      credits: 0,
    })),
    isAskable: (_, value) => isAskable(value),
    creditsOf: () => 0,
    objection: () => undefined,
    describe: (question, wanted) => {
      const list = facetList(wanted)
      return `GET /shodan/host/count?query=${shodanQuery(question)}${list === '' ? '' : `&facets=${list}`}`
    },
    account: () => get('account', '/api-info', readCredits),
    abilities: async () => {
      const filters = await get('filters', '/shodan/host/search/filters', readNames)
      const facetsTold = (): Promise<ReadonlySet<string>> => get('facets', '/shodan/host/search/facets', readNames)
      let known = await facetsTold()
      // There are filters no facet goes by, so that the same list twice is the first one come again.
      if (known.size === filters.size && [...known].every((name) => filters.has(name))) known = await facetsTold()
      return {
        knowsServices: filters.has(shodanNames.module),
        // What is counted by is filtered by, too: to prove a list, and to count one facet within another.
        facets: new Set(
          facets.filter((facet: Facet) => [known, filters].every((names) => names.has(shodanNames[facet]))),
        ),
      }
    },
    count: (what, question, wanted) => {
      const list = facetList(wanted)
      const params = { query: shodanQuery(question), ...(list === '' ? {} : { facets: list }) }
      return get(
        what,
        '/shodan/host/count',
        (json) => {
          const counted = readCounted(json)
          const isWhole = facets.every((facet) => wanted[facet] === undefined || counted?.buckets[facet] !== undefined)
          return isWhole ? counted : undefined
        },
        params,
      )
    },
    records: {
      rowsPerPage,
      // A filter costs what a further page does, and every question has one.
      creditsPerPage: 1,
      query: shodanQuery,
      describe: (question) => `GET /shodan/host/search?query=${shodanQuery(question)}&page=1`,
      keyOf: keyOfLine,
      page: (what, question, page, { before, failed }) =>
        asker.ask({
          what,
          path: '/shodan/host/search',
          params: { query: shodanQuery(question), page: String(page) },
          credits: 1,
          read: readPage,
          before,
          failed,
        }),
    },
    get ledger() {
      return asker.ledger
    },
    requests: asker.requests,
  }
}
