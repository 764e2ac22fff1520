import { readFileSync } from 'node:fs'

interface Description {
  readonly resources: readonly {
    readonly name: string
    readonly sources?: readonly { readonly title: string; readonly path?: string }[]
  }[]
}

/** Where the shipped populations of a country's regions come from, and those of countries where there is no such table. */
export function populationSources(country: string): { readonly title: string; readonly url: string }[] {
  const { resources } = JSON.parse(
    readFileSync(new URL('../../data/regions/datapackage.json', import.meta.url), 'utf8'),
  ) as Description
  const found =
    resources.find(({ name }) => name === country.toLowerCase()) ?? resources.find(({ name }) => name === 'countries')
  return (found?.sources ?? []).map(({ title, path = '' }) => ({ title, url: path }))
}
