import { addressDatabaseEdition, openAddressDatabase, type AddressDatabase } from '../locate/address-database.ts'
import { loadCountryCentres } from '../locate/country-centres.ts'
import { loadCrosswalk } from '../locate/crosswalk.ts'
import { loadGazetteer } from '../locate/gazetteer.ts'
import { placeDecoder } from '../locate/place.ts'
import type { RegionTable } from '../locate/regions.ts'
import { recogniseSql } from '../recognise/fingerprint-sql.ts'
import { recogniseHash } from '../recognise/fingerprints.ts'
import { esmtpCapability, product } from '../recognise/product.ts'
import { loadServices } from '../recognise/service.ts'
import type { Deciders } from '../store/decisions.ts'
import type { CensusFacts } from '../store/censuses.ts'

export interface TableOptions {
  /** A folder of the user's own region tables. */
  readonly regionTables?: string
  /** A MaxMind-format city database to use instead of DB-IP's. */
  readonly addressDatabase?: string
}

/**
 * Everything that decides a record's place, service and product, loaded.
 * `hashes` says which tables those were; ask after the work, when it is known whether the address database was needed.
 */
export async function loadDeciders(
  regions: RegionTable,
  { addressDatabase: path }: Pick<TableOptions, 'addressDatabase'>,
): Promise<Deciders & { hashes(): CensusFacts['tables'] }> {
  const crosswalk = await loadCrosswalk()
  const gazetteer = await loadGazetteer(crosswalk)
  const services = loadServices()
  let database: AddressDatabase | undefined
  return {
    places: placeDecoder({ regions, crosswalk, gazetteer, centres: await loadCountryCentres(gazetteer) }),
    addressDatabase: async () => {
      database ??= await openAddressDatabase({ regions, crosswalk, ...(path === undefined ? {} : { path }) })
      return database
    },
    service: (clue) => services.classify(clue),
    product,
    recognise: recogniseSql,
    noProduct: esmtpCapability,
    hashes: () => ({
      regions: regions.hash,
      services: services.hash,
      recognition: recogniseHash(),
      ...(database === undefined ? {} : { addressDatabase: database.edition }),
    }),
  }
}

/**
 * Looks at the address database a user named, so that a fault in it is told before the work and not after it.
 * @throws CensusError exit 2
 */
export async function checkAddressDatabase(path: string | undefined): Promise<void> {
  await addressDatabaseEdition(path)
}
