import { denominators } from '../model/denominator.ts'
import { partKinds, recaptureRefusals, survivals } from '../model/findings.ts'
import { figureFlags, recordFlags } from '../model/flags.ts'
import { funnelPlaces } from '../model/indicators.ts'
import type { Column } from '../model/table.ts'

type Field = Omit<Column, 'name'>

const exposureFields: Readonly<Record<string, Field>> = {
  snapshot: { type: 'string', description: 'Id of the snapshot counted.' },
  observed_from: { type: 'datetime', description: 'Time of the oldest observation of that source, UTC.' },
  observed_to: { type: 'datetime', description: 'Time of the newest observation of that source, UTC.' },
  source: { type: 'string', description: 'Who saw it; `all` where several record sources are counted together.' },
  basis: {
    type: 'string',
    description:
      '`records`: counted from records held. `facets`: counted by the search engine; not to be added to the other.',
  },
  country: { type: 'string', description: 'ISO 3166-1 alpha-2 code; empty where no country is known.' },
  region: { type: 'string', description: 'ISO 3166-2 level 1 code; the country code for its total; `unknown`.' },
  region_name: { type: 'string', description: 'English name of the region.' },
  region_name_local: { type: 'string', description: "Name in the region's own language." },
  service: { type: 'string', description: 'Service, category of services, or `all`.' },
  vendor: { type: 'string', description: 'Maker of the product; empty where not told.' },
  product: {
    type: 'string',
    description: 'Product; empty where not told. Rows overlap: one address may show several.',
  },
  version: { type: 'string', description: 'Version as told.' },
  device_type: { type: 'string', description: 'Kind of device; empty where not told.' },
  asn: { type: 'string', description: 'Autonomous system number; empty where not told.' },
  organisation: { type: 'string', description: 'Organisation the source names for the address.' },
  unit: { type: 'string', description: '`addresses`, `endpoints` or `banners`.' },
  asked: { type: 'integer', description: 'Distinct addresses asked, where known (probes).' },
  count: { type: 'integer', description: 'Number found.' },
  population: { type: 'integer', description: 'People living in the region.' },
  population_year: { type: 'integer', description: 'Year of that population.' },
  per_100k: { type: 'number', description: 'Count per 100,000 people.' },
  per_100k_low: { type: 'number', description: 'Lower end of the exact 95 % Poisson interval; covers chance only.' },
  per_100k_high: { type: 'number', description: 'Upper end of the exact 95 % Poisson interval; covers chance only.' },
  rate_ratio: { type: 'number', description: 'Rate against that of the rest of the country; empty where undefined.' },
  rank: { type: 'integer', description: 'Competition rank by rate; empty below 10 events.' },
  flags: { type: 'string', description: `Semicolon-separated: ${[...recordFlags, ...figureFlags].join(', ')}.` },
}

/** Of a comparison, beside those of a report and both sides' (`old_count` is the `count` of the old one). */
const comparisonFields: Readonly<Record<string, Field>> = {
  share: { type: 'number', description: 'Share of what is placed in the regions of the country.' },
  difference: { type: 'integer', description: 'New count minus old; empty where they count different things.' },
  share_ratio: { type: 'number', description: 'New share by old; empty where the old one is 0.' },
  new: { type: 'integer', description: 'Addresses of which the old snapshot has no record.' },
  opened: { type: 'integer', description: 'Addresses whose endpoint was something else, or nothing, in the old one.' },
  appeared: { type: 'integer', description: 'Addresses that the old snapshot has with other endpoints alone.' },
  coverage_gained: { type: 'integer', description: 'Addresses with what the old snapshot did not look for.' },
  moved_in: { type: 'integer', description: 'Addresses that were elsewhere.' },
  re_placed_in: { type: 'integer', description: 'Addresses that only other tables placed elsewhere.' },
  gone: { type: 'integer', description: 'Addresses of which the new snapshot has no record.' },
  closed: { type: 'integer', description: 'Addresses whose endpoint is something else, or nothing, in the new one.' },
  vanished: { type: 'integer', description: 'Addresses that the new snapshot has with other endpoints alone.' },
  coverage_lost: { type: 'integer', description: 'Addresses with what the new snapshot did not look for.' },
  moved_out: { type: 'integer', description: 'Addresses that are elsewhere now.' },
  re_placed_out: { type: 'integer', description: 'Addresses that only other tables place elsewhere now.' },
  stayed: { type: 'integer', description: 'Addresses that both count there.' },
  relabelled: { type: 'integer', description: 'Of those that stayed: with another product.' },
  chance: {
    type: 'number',
    description: 'How often chance alone makes shares differ as much, adjusted for all rows (Holm).',
  },
}

/** Of indicators, beside those of a report. */
const indicatorFields: Readonly<Record<string, Field>> = {
  rate_ratio_low: { type: 'number', description: 'Lower end of the exact 95 % interval of the rate ratio.' },
  rate_ratio_high: { type: 'number', description: 'Upper end of the exact 95 % interval of the rate ratio.' },
  rank_low: { type: 'integer', description: 'Best rank that chance leaves possible, of all regions at once (95 %).' },
  rank_high: { type: 'integer', description: 'Worst rank that chance leaves possible, of all regions at once (95 %).' },
  funnel: { type: 'string', description: `Side of the funnel limits, in %: ${funnelPlaces.join(', ')}.` },
  shrunken_per_100k: { type: 'number', description: 'Empirical-Bayes rate per 100,000 people, for maps.' },
  location_quotient: { type: 'number', description: 'Share of the service in the region by that in its country.' },
  unplaced_per_100k_high: { type: 'number', description: 'Rate if all that has no region were here.' },
  unplaced_rank_low: { type: 'integer', description: 'Best rank, wherever what has no region belongs.' },
  unplaced_rank_high: { type: 'integer', description: 'Worst rank, wherever what has no region belongs.' },
}

/** Of a series, beside those of a report. */
const historyFields: Readonly<Record<string, Field>> = {
  ratio_to_first: { type: 'number', description: 'Count, and so rate, by that of the first snapshot of the series.' },
  ratio_to_first_low: { type: 'number', description: 'Lower end of its exact 95 % interval; covers chance only.' },
  ratio_to_first_high: { type: 'number', description: 'Upper end of its exact 95 % interval; covers chance only.' },
  kendall_tau: {
    type: 'number',
    description: 'Kendall’s tau-b of count and time, from 8 snapshots on; in the last row.',
  },
}

/** Of findings, beside those of a report. */
const findingFields: Readonly<Record<string, Field>> = {
  first_source: { type: 'string', description: 'One of two sources that looked at the same ranges.' },
  second_source: { type: 'string', description: 'The other.' },
  seen_by_first: { type: 'integer', description: 'Addresses that the first saw.' },
  seen_by_second: { type: 'integer', description: 'Addresses that the second saw.' },
  seen_by_both: { type: 'integer', description: 'Addresses that both saw.' },
  seen: { type: 'integer', description: 'Addresses that at least one of them saw.' },
  estimate: { type: 'number', description: 'How many there are, seen or not, if the two are independent (Chapman).' },
  estimate_low: { type: 'number', description: 'Lower end of its 95 % interval.' },
  estimate_high: { type: 'number', description: 'Upper end of its 95 % interval.' },
  refused: { type: 'string', description: `Why there is no estimate: ${recaptureRefusals.join(', ')}.` },
  denominator: { type: 'string', description: `What the rate is for: ${denominators.join(', ')}.` },
  denominator_value: { type: 'integer', description: 'How many of them the region has.' },
  rate_per_100k: { type: 'number', description: 'Count per 100,000 of the denominator.' },
  rate_low: { type: 'number', description: 'Lower end of its exact 95 % Poisson interval; covers chance only.' },
  rate_high: { type: 'number', description: 'Upper end of its exact 95 % Poisson interval; covers chance only.' },
  tau_b: { type: 'number', description: "Kendall's tau-b of the ranks with those by people." },
  rank_survives: { type: 'string', description: `Under every denominator: ${survivals.join(', ')}.` },
  untold: { type: 'integer', description: 'Number of which no network is told; not in `count`.' },
  networks: { type: 'integer', description: 'Autonomous systems that have any.' },
  networks_half: { type: 'integer', description: 'The fewest networks that together have at least half.' },
  herfindahl: { type: 'number', description: 'Sum of the squared shares of networks (Herfindahl–Hirschman).' },
  service_share: { type: 'number', description: 'Share of the services of the region, from 0 to 1.' },
  part: { type: 'string', description: `What is left out: ${partKinds.join(', ')}.` },
  count_without: { type: 'integer', description: 'Number found without the records of that part.' },
  per_100k_without: { type: 'number', description: 'Count per 100,000 people without them.' },
  service_share_without: { type: 'number', description: 'Share of the services of the region without them.' },
  largest_share: { type: 'number', description: 'Share of the network with most, which `asn` names.' },
}

/** Columns by their names. */
export const columnsOf = (names: readonly string[]): Column[] =>
  names.map((name) => {
    const plain = name.replace(/^(old|new)_/, '')
    const field =
      exposureFields[plain] ??
      comparisonFields[plain] ??
      indicatorFields[plain] ??
      historyFields[plain] ??
      findingFields[plain]
    if (field === undefined) throw new Error(`nothing describes the column ${name}`)
    return { name, ...field }
  })
