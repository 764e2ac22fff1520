import type { ServiceRow } from './tallies.ts'

/** What rows need to know of the catalogue; ServiceCatalogue has it. */
export interface Services {
  readonly categories: ReadonlyMap<string, readonly string[]>
  resolve(list: readonly string[]): readonly string[]
}

/**
 * The service rows of a report, in order: `all`, then each category followed by its services, then services of no
 * category. Without a list these are the services found; with one, the services and categories named, found or not.
 * @throws CensusError exit 2 for a name that is no service, category or service of this snapshot
 */
export function serviceRows(
  services: Services,
  found: readonly string[],
  asked: readonly string[] | undefined,
): ServiceRow[] {
  const ofSnapshot = new Set(found)
  const named = asked ?? found
  const categories = [...services.categories].filter(([category, members]) =>
    asked === undefined ? members.some((id) => ofSnapshot.has(id)) : asked.includes(category),
  )
  const known = new Set([...services.categories.values()].flat())
  // A service reported as itself is no catalogue's, but a snapshot that has it can be asked for it.
  const wanted = new Set([
    ...services.resolve(
      named.filter(
        (name) => name !== 'all' && (known.has(name) || services.categories.has(name) || !ofSnapshot.has(name)),
      ),
    ),
    ...named.filter((name) => ofSnapshot.has(name)),
  ])
  const rows: ServiceRow[] = [{ id: 'all', services: undefined }]
  const placed = new Set<string>()
  for (const [category, members] of services.categories) {
    if (categories.some(([name]) => name === category)) rows.push({ id: category, services: members })
    for (const id of members.filter((member) => wanted.has(member))) {
      rows.push({ id, services: [id] })
      placed.add(id)
    }
  }
  for (const id of [...wanted].filter((each) => !placed.has(each)).toSorted())
    rows.push({ id, services: [id], ...(asked === undefined ? { isUnnamed: true } : {}) })
  return rows
}
