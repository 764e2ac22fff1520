import type { Location, SaidOfPlace } from './location.ts'

/** What names mean, and what things are called: the pipeline has it from the catalogue and the region tables. */
export interface Words {
  /** `JP`, `Japan`, `日本` → `JP` */
  country(text: string): string | undefined
  /** The country's English name. */
  countryName(code: string): string | undefined
  /** ISO 3166-2 codes of the regions a text may mean: `13`, `JP-13`, `Tokyo`, `東京都`; of that country where one is given. */
  regions(text: string, country: string | undefined): readonly string[]
  /** The service that records of a Shodan module are counted as. */
  service(module: string): string
  /** The Shodan module that stands for a service; `service` takes it back. */
  module(service: string): string
  /** Where a banner is said to be, so that it is placed there again when it is read. */
  location(said: SaidOfPlace): Location
  /** Shodan modules of the catalogue, with one sentence each. */
  readonly protocols: Readonly<Record<string, string>>
}
