import type { Change, ChangeKind } from '../../model/change.ts'

const kinds: Readonly<Record<ChangeKind, string>> = {
  new: 'New',
  opened: 'Opened',
  appeared: 'Appeared',
  coverageGained: 'Not looked for before',
  movedIn: 'Moved in',
  rePlacedIn: 'Re-placed in',
  gone: 'Gone',
  closed: 'Closed',
  vanished: 'Vanished',
  coverageLost: 'No longer looked for',
  movedOut: 'Moved out',
  rePlacedOut: 'Re-placed out',
  stayed: 'Stayed',
  relabelled: 'Relabelled',
}

/** Texts of comparison.html that report.html has not, in English; the shape every other language fills. */
export const comparisonEn = {
  kinds,
  title: (name: string) => `Exposed services compared: ${name}`,
  heading: (name: string) => `What changed between two snapshots: ${name}`,
  subtitle: (old: string, now: string) => `${old} → ${now}`,
  nothing: 'no country',
  forced: 'Not made in the same way',
  forcedText: (differing: readonly string[]) =>
    `The two snapshots differ in: ${differing.join('; ')}. They are compared because --force asked for it: what is told here may be a difference of method alone.`,
  totals: (view: { name: string; old: string; now: string; unit: string; difference: string }) =>
    `In ${view.name} the old snapshot counts ${view.old} exposed ${view.unit}, the new one ${view.now} (${view.difference}).`,
  otherThings: (old: string, now: string) =>
    `The old one counts ${old}, the new one ${now}: only shares can be held against each other, and nothing is subtracted.`,
  came: (sum: string, change: Texts) =>
    `${sum} came: ${change.new} of which the old snapshot has no record, ${change.opened} whose endpoint was something else or closed before, ${change.appeared} known there by other endpoints alone.`,
  went: (sum: string, change: Texts) =>
    `${sum} went: ${change.gone} of which the new snapshot has no record, ${change.closed} whose endpoint is something else or closed now, ${change.vanished} known by other endpoints alone.`,
  coverage: (gained: string, lost: string) =>
    `Coverage: ${gained} show what the old snapshot did not look for, ${lost} what the new one did not.`,
  movement: (moved: string, rePlaced: string) =>
    `Within the country ${moved} were placed in another region, and ${rePlaced} only because other tables place them.`,
  stayed: (stayed: string, relabelled: string) => `${stayed} stayed, ${relabelled} of them with another product.`,
  grewMost: (list: string) => `Grew most: ${list}.`,
  shrankMost: (list: string) => `Shrank most: ${list}.`,
  named: (name: string, difference: string) => `${name} ${difference}`,
  beyondChance: (count: string, all: string) =>
    `Of ${all} regions, ${count} have a share that differs by more than chance would make it (below 0.05, adjusted for all rows).`,
  unknownChange: 'What became of single addresses is not known here.',
  chooseCountry: 'Country',
  chart: (service: string) => `What became of addresses by region: ${service}`,
  chartLabel:
    'Bars of the regions: to the right what came, to the left what went; the mark across is their sum, the difference. The same figures stand in the table of this service.',
  chartNote: (unit: string) =>
    `Right of 0: what came, left: what went (${unit}). The parts of a bar add up to the difference, which the mark across it and the figure show.`,
  chartCut: (shown: string, all: string) => `The ${shown} of ${all} regions where most changed; all are in the table.`,
  groups: ['New, opened or appeared; gone, closed or vanished', 'Moved', 'Re-placed by other tables', 'Coverage'],
  table: (service: string) => `Table: ${service}`,
  old: 'Old',
  new: 'New',
  difference: 'Difference',
  oldShare: 'Old share %',
  newShare: 'New share %',
  chance: 'Chance',
  sides: 'The two snapshots',
  side: 'Side',
  source: 'Source',
  unit: 'Unit',
  rowsLeftOut: (rows: string, file: string) => `${rows} more rows are in ${file}.`,
  methodItems: [
    'Old = stayed + gone + closed + vanished + no longer looked for + moved out + re-placed out. New = stayed + new + opened + appeared + not looked for before + moved in + re-placed in. So the parts of a bar add up to the difference.',
    'An address counts where it has an exposed record of the service, once for a category and once for “all”. For a country’s total, who moves between its regions stays.',
    'Both snapshots are placed and recognised by the tables of one version, and compared by one population.',
    'Relabelled are among those that stayed: of one service, both snapshots tell a product, and not the same.',
    'A share is of what is placed in the country’s regions. “Chance” is how often chance alone makes two shares differ as much (exact conditional test of two Poisson rates, adjusted after Holm for all rows).',
  ],
  limitItems: [
    'Not seen is no proof: an engine that did not come by makes an address “gone” that is still there. Only “closed” says that somebody looked.',
    '“Not looked for” is a guess by country and service; a service that really came or went in a country of few hosts can be taken for it.',
    'Both snapshots see many of the same hosts, and addresses come and go in whole networks: chance is only roughly what it is called.',
    'Addresses change hands: what came and went need not be machines that somebody switched on or off.',
  ],
}

type Texts = Readonly<Record<keyof Change, string>>
export type ComparisonMessages = typeof comparisonEn
