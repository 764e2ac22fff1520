import type { StoreHost, StoreHosts, StoreNetwork, StorePlace } from '../../model/store-page.ts'
import { h, type Element } from '../page/markup.ts'
import { whole } from '../page/numbers.ts'
import { serviceName } from '../page/words.ts'
import { dataTable, frame, link } from './frame.ts'
import { creditList, placeParts, wayTo } from './place.ts'
import { placeName, type Words } from './words.ts'

/** A network in a place: its services, and its addresses where the command line allows them. */
export function networkPage(
  words: Words,
  facts: StorePlace,
  network: StoreNetwork,
  unit: string,
  hosts: StoreHosts | undefined,
  pageNumber: number,
): string {
  const { page, store } = words
  const parts = [...placeParts(facts.snapshot.id, facts.place.code), 'networks', network.id]
  const name = network.name || page.notTold
  const services = dataTable(
    store.services(name),
    [{ title: page.chooseService }, { title: unit }],
    network.services.map((each) => [serviceName(page, each), whole(each.cell.count)]),
  )
  return frame(
    {
      words,
      title: store.ofNetwork(name, placeName(words, facts.place)),
      way: wayTo(words, facts, true) ?? [],
      here: { parts, ...(pageNumber === 1 ? {} : { query: { page: String(pageNumber) } }) },
    },
    h('p', {}, facts.snapshot.id),
    services,
    ...(hosts === undefined ? [] : hostList(words, facts.snapshot.id, hosts, parts, pageNumber)),
    creditList(words, { ...facts, views: [] }),
  )
}

const marking = ({ store }: Words): Element => h('p', { class: 'marking' }, store.marking)

function hostList(
  words: Words,
  snapshot: string,
  { total, offset, hosts }: StoreHosts,
  parts: readonly string[],
  pageNumber: number,
): Element[] {
  const { page, store } = words
  const title = store.hosts(whole(total))
  const turn = (text: string, to: number): Element => link(words, text, parts, to === 1 ? {} : { page: String(to) })
  return [
    h('h2', {}, title),
    marking(words),
    dataTable(
      title,
      [{ title: store.address }, { title: page.serviceGroup, isText: true }, { title: store.seen, isText: true }],
      hosts.map(({ address, services, seen }) => [
        h('span', { class: 'whole' }, link(words, address, ['snapshots', snapshot, 'hosts', address])),
        services.join(', '),
        seen || page.undated,
      ]),
    ),
    h(
      'nav',
      { 'aria-label': store.pages, class: 'filters' },
      offset === 0 ? undefined : turn(store.previous, pageNumber - 1),
      offset + hosts.length < total ? turn(store.next, pageNumber + 1) : undefined,
    ),
  ]
}

/** What answered at an address. */
export function hostPage(words: Words, { snapshot, address, country, region, endpoints }: StoreHost): string {
  const { page, store } = words
  const place = country === '' ? 'unknown' : region === '' ? `${country}-unknown` : region
  return frame(
    {
      words,
      title: address,
      way: [
        { title: store.store, parts: [] },
        { title: snapshot.id, parts: placeParts(snapshot.id, '') },
        { title: place, parts: placeParts(snapshot.id, place) },
      ],
      here: { parts: ['snapshots', snapshot.id, 'hosts', address] },
    },
    marking(words),
    dataTable(
      store.endpoints(address),
      [
        { title: store.endpoint },
        { title: page.chooseService, isText: true },
        { title: store.product, isText: true },
        { title: store.network, isText: true },
        { title: store.seen, isText: true },
      ],
      endpoints.map(({ port, transport, service, product, network, seen }) => [
        `${port}/${transport}`,
        service,
        product || page.notTold,
        network || page.notTold,
        seen || page.undated,
      ]),
    ),
    creditList(words, { credits: { populations: [], dbip: true }, views: [] }),
  )
}
