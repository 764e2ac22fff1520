import type { Concentrated, Denominated, Outlier, Recaptured } from '../model/findings.ts'
import type { Table } from '../model/table.ts'
import { figureCells, leadCells, regionTable, type Header } from './region-table.ts'

export const concentrationFile = 'concentration-by-region.csv'

/** In how few networks each service is, in each region and country. */
export const concentrationTable = (header: Header): Table<Concentrated> =>
  regionTable<Concentrated>(concentrationFile, (each) => leadCells(header(each.source), each), {
    unit: ({ unit }) => unit,
    count: ({ count }) => count,
    untold: ({ untold }) => untold,
    networks: ({ networks }) => networks,
    networks_half: ({ half }) => half,
    herfindahl: ({ herfindahl }) => herfindahl,
    asn: ({ largest }) => largest.asn,
    organisation: ({ largest }) => largest.organisation,
    largest_share: ({ largest }) => largest.share,
  })

export const outliersFile = 'outliers-by-region.csv'

/** What regions that stand out do so by, and their figures without it. */
export const outliersTable = (header: Header): Table<Outlier> =>
  regionTable<Outlier>(outliersFile, ({ row }) => leadCells(header(row.source), row), {
    ...figureCells,
    service_share: ({ share }) => share,
    part: ({ kind }) => kind,
    asn: ({ asn }) => asn,
    organisation: ({ organisation }) => organisation,
    vendor: ({ vendor }) => vendor,
    product: ({ product }) => product,
    count_without: ({ countWithout }) => countWithout,
    per_100k_without: ({ per100kWithout }) => per100kWithout,
    service_share_without: ({ shareWithout }) => shareWithout,
  })

export const recapturesFile = 'capture-recapture-by-region.csv'

/** What two sources saw of each service, and how many there are by both. */
export const recapturesTable = (header: Header): Table<Recaptured> =>
  regionTable<Recaptured>(recapturesFile, (each) => leadCells(header(each.source), each), {
    unit: ({ unit }) => unit,
    first_source: ({ firstSource }) => firstSource,
    second_source: ({ secondSource }) => secondSource,
    seen_by_first: ({ seenByFirst }) => seenByFirst,
    seen_by_second: ({ seenBySecond }) => seenBySecond,
    seen_by_both: ({ seenByBoth }) => seenByBoth,
    seen: ({ seen }) => seen,
    estimate: ({ abundance }) => abundance?.estimate,
    estimate_low: ({ abundance }) => abundance?.low,
    estimate_high: ({ abundance }) => abundance?.high,
    refused: ({ refused }) => refused,
  })

export const denominatorsFile = 'denominators-by-region.csv'

/** Every figure by people and by what else it was asked for, and whether its rank survives. */
export const denominatorsTable = (header: Header): Table<Denominated> =>
  regionTable<Denominated>(denominatorsFile, ({ row }) => leadCells(header(row.source), row), {
    unit: ({ row }) => row.unit,
    count: ({ row }) => row.count,
    denominator: ({ denominator }) => denominator,
    denominator_value: ({ value }) => value,
    rate_per_100k: ({ per100k }) => per100k,
    rate_low: ({ low }) => low,
    rate_high: ({ high }) => high,
    rank: ({ rank }) => rank,
    rank_low: ({ rankRange }) => rankRange?.low,
    rank_high: ({ rankRange }) => rankRange?.high,
    tau_b: ({ agreement }) => agreement,
    rank_survives: ({ survival }) => survival,
  })
