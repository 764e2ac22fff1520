import { randomBytes } from 'node:crypto'
import { wrongInput } from '../model/errors.ts'
import { readKey, Secret } from './secrets.ts'
import { secretSettings } from './settings.ts'

const variable = 'CENSUS_API_KEY'

/** The key of one's own API, and where it came from; a key made for this run is known to nobody yet. */
export interface ApiKey {
  readonly key: Secret
  readonly from: 'environment' | 'file' | 'made'
}

/**
 * The key that `census serve` asks for: from CENSUS_API_KEY (or the file that CENSUS_API_KEY_FILE names), or from
 * `keyFile`, else a new one.
 * @throws CensusError exit 2 when two places name one, or what they name is no key
 */
export async function apiKey(keyFile: string | undefined): Promise<ApiKey> {
  const { value, file } = secretSettings(variable)
  const isInEnvironment = value !== undefined || file !== undefined
  if (isInEnvironment && keyFile !== undefined)
    throw wrongInput(`--key-file and the environment (${variable}) both give a key`, 'leave one of them out')
  if (!isInEnvironment && keyFile === undefined)
    return { key: new Secret(randomBytes(24).toString('base64url')), from: 'made' }
  const engine = { title: "census's own API", secret: variable }
  const key = await readKey({ engine, ...(keyFile === undefined ? {} : { keyFile }) })
  return { key, from: isInEnvironment ? 'environment' : 'file' }
}
