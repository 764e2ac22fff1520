import { changeKinds, gains, losses } from '../model/change.ts'
import type { CensusSql } from '../store/census-sql.ts'
import { sqlText } from '../store/duckdb.ts'
import type { ServiceRow } from './tallies.ts'

/** A snapshot of a change. */
export interface ChangeSide {
  readonly census: CensusSql
  /** All its observations, negatives included: SQL to select from. */
  readonly observations: string
  /** Whose records are meant; those of all sources together when absent. */
  readonly source?: string
  /** A country of which everything compared was asked for, so that what is not there was not found. */
  readonly surveyed?: string
}

export interface ChangeQuestion {
  readonly old: ChangeSide
  readonly new: ChangeSide
  /** The old snapshot's census as the tables of the new one decide it, where its own was decided by others. */
  readonly again?: CensusSql
  readonly serviceRows: readonly ServiceRow[]
}

/** The source that keeps whom it asked for what. */
const asking = 'probe'

export interface ChangesSql {
  /** What adds a share of the addresses to table `flow`. @param mine a condition on `address` */
  share(mine: string): readonly string[]
  /** From `flow`: country, region, is_total, position, and a column for each kind of change. */
  readonly changes: string
}

/** Statements over the tables of names that changes.ts makes: `service_id`, `row_service`, `place_id`, `door_id`, `product_id`. */
export function changesSql({ old, new: now, again }: ChangeQuestion): ChangesSql {
  return {
    share: (mine) => [
      ...sideTables('old', old, mine),
      ...sideTables('new', now, mine),
      `CREATE OR REPLACE TEMP TABLE again_at AS ${
        again === undefined
          ? 'SELECT address, any_value(place) AS place FROM old_cell GROUP BY address'
          : `SELECT n.address, any_value(i.id) AS place FROM ${again.numbers} n JOIN ${again.places} p USING (place)
             JOIN place_id i USING (country, region) WHERE ${mine} GROUP BY n.address`
      }`,
      `INSERT INTO flow ${flow(old, now)}`,
    ],
    changes,
  }
}

/**
 * Of one side: `_cell`, its addresses with their place, services and the products of each; `_door`, their endpoints;
 * `_heard`, whatever it has a record of; `_tried`, services and countries it has a record of at all.
 */
function sideTables(name: 'old' | 'new', side: ChangeSide, mine: string): string[] {
  const { census, observations, source } = side
  const isSource = source === undefined ? 'true' : `source = ${sqlText(source)}`
  const speaks = source === undefined ? 'n.speaks' : 'n.speaks_in_source'
  const named = `(SELECT named, number, d.id AS door FROM ${census.services} JOIN service_id USING (service) JOIN door_id d USING (port, transport) WHERE ${isSource})`
  const placed = `(SELECT place, i.id FROM ${census.places} JOIN place_id i USING (country, region))`
  const tried =
    source === asking
      ? `SELECT DISTINCT address, number, NULL::VARCHAR AS country FROM (FROM ${census.asked} UNION ALL BY NAME FROM ${census.numbers}) JOIN ${named} USING (named) WHERE ${mine}`
      : `SELECT DISTINCT NULL::UUID AS address, number, country FROM ${census.numbers} JOIN ${named} USING (named) JOIN ${census.places} USING (place)
         UNION ALL SELECT DISTINCT NULL, number, NULL FROM ${named} WHERE door IN (SELECT d.id FROM ${observations} JOIN door_id d USING (port, transport)
           WHERE ${isSource} AND outcome NOT IN ('answered', 'open'))`
  return [
    `CREATE OR REPLACE TEMP TABLE ${name}_cell AS
       SELECT n.address, s.number, any_value(p.id) AS place, list_sort(list(DISTINCT m.id) FILTER (${speaks} AND m.id IS NOT NULL)) AS products
       FROM ${census.numbers} n JOIN ${named} s USING (named) JOIN ${placed} p USING (place)
       LEFT JOIN (SELECT made, i.id FROM ${census.products} JOIN product_id i USING (vendor, product)) m USING (made)
       WHERE ${mine} GROUP BY n.address, s.number`,
    `CREATE OR REPLACE TEMP TABLE ${name}_door AS SELECT DISTINCT address, number, door FROM ${census.numbers} JOIN ${named} USING (named) WHERE ${mine}`,
    `CREATE OR REPLACE TEMP TABLE ${name}_heard AS
       SELECT DISTINCT address, d.id AS door FROM ${observations} LEFT JOIN door_id d USING (port, transport) WHERE ${mine} AND ${isSource}`,
    `CREATE OR REPLACE TEMP TABLE ${name}_tried AS ${tried}`,
  ]
}

/** Every address and service row that either side has, with its places and what became of it. */
function flow(old: ChangeSide, now: ChangeSide): string {
  // Of what one side alone has: whether the other has a record of the endpoint, or could have had one of the service.
  const lone = (mine: string, other: string, side: ChangeSide): string =>
    `SELECT c.address, c.number, h.address IS NOT NULL AS heard, (${[
      ...(side.surveyed === undefined ? [] : [`p.country = ${sqlText(side.surveyed)}`]),
      `EXISTS (SELECT 1 FROM ${other}_tried t WHERE t.number = c.number AND ${
        side.source === asking ? 't.address = c.address' : `coalesce(t.country = p.country, true)`
      })`,
    ].join(' OR ')}) AS tried
     FROM ${mine}_cell c JOIN place_id p ON c.place = p.id
     LEFT JOIN (SELECT DISTINCT d.address, d.number FROM ${mine}_door d JOIN ${other}_heard h USING (address, door)) h USING (address, number)
     WHERE NOT EXISTS (SELECT 1 FROM ${other}_cell o WHERE o.address = c.address AND o.number = c.number)`
  const kind = (names: readonly string[], other: string): string =>
    `CASE WHEN heard THEN ${sqlText(names[1] ?? '')} WHEN NOT tried THEN ${sqlText(names[3] ?? '')}
       WHEN address IN (SELECT address FROM ${other}_heard) THEN ${sqlText(names[2] ?? '')} ELSE ${sqlText(names[0] ?? '')} END`
  return `WITH lone AS (${lone('old', 'new', now)} UNION ALL ${lone('new', 'old', old)}),
    pair AS (SELECT address, number, o.place AS was, n.place AS now, len(o.products) > 0 AND len(n.products) > 0 AND o.products <> n.products AS relabelled
      FROM old_cell o FULL JOIN new_cell n USING (address, number)),
    by_row AS (SELECT address, position, any_value(was) AS was, any_value(now) AS now, coalesce(bool_or(relabelled), false) AS relabelled,
        coalesce(bool_or(heard), false) AS heard, coalesce(bool_or(tried), false) AS tried
      FROM pair JOIN row_service USING (number) LEFT JOIN lone USING (address, number) GROUP BY address, position),
    told AS (SELECT address, was, now, position, relabelled,
        CASE WHEN was IS NULL THEN ${kind(gains, 'old')} WHEN now IS NULL THEN ${kind(losses, 'new')} END AS kind FROM by_row)
    SELECT was, a.place, now, position, kind, count(*), count(*) FILTER (WHERE relabelled) FROM told LEFT JOIN again_at a USING (address) GROUP BY ALL`
}

/** Countries are cells like their regions: who moves between regions stays in the country. */
const changes = `WITH level AS (SELECT false AS is_total UNION ALL SELECT true),
  cell AS (SELECT l.is_total, f.* EXCLUDE (was, again, now),
      CASE WHEN w.id IS NOT NULL THEN {'country': w.country, 'region': CASE WHEN l.is_total THEN '' ELSE w.region END} END AS was,
      CASE WHEN a.id IS NOT NULL THEN {'country': a.country, 'region': CASE WHEN l.is_total THEN '' ELSE a.region END} END AS again,
      CASE WHEN n.id IS NOT NULL THEN {'country': n.country, 'region': CASE WHEN l.is_total THEN '' ELSE n.region END} END AS now
    FROM flow f CROSS JOIN level l LEFT JOIN place_id w ON f.was = w.id LEFT JOIN place_id a ON f.again = a.id LEFT JOIN place_id n ON f.now = n.id),
  part AS (
    SELECT is_total, was AS spot, position, n, relabelled,
      CASE WHEN kind IS NOT NULL THEN kind WHEN was = now THEN 'stayed' WHEN again = now THEN 'rePlacedOut' ELSE 'movedOut' END AS kind FROM cell WHERE was IS NOT NULL
    UNION ALL
    SELECT is_total, now, position, n, 0, CASE WHEN kind IS NOT NULL THEN kind WHEN again = now THEN 'rePlacedIn' ELSE 'movedIn' END FROM cell
      WHERE now IS NOT NULL AND (kind IS NOT NULL OR was <> now))
  SELECT spot.country AS country, spot.region AS region, is_total, position, ${changeKinds
    .map((kind) =>
      kind === 'relabelled'
        ? `sum(relabelled) FILTER (WHERE kind = 'stayed') AS relabelled`
        : `sum(n) FILTER (WHERE kind = '${kind}') AS "${kind}"`,
    )
    .join(', ')}
  FROM part WHERE NOT is_total OR spot.country <> '' GROUP BY ALL ORDER BY country, position, is_total DESC, region`
