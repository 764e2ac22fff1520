import { ApiError } from './errors.ts'

/** What a request asks, read from its target. */
export interface Asked {
  /** Decoded, without a slash at its end. */
  readonly path: string
  /** Every parameter with its values. */
  readonly parameters: ReadonlyMap<string, readonly string[]>
}

/** Reads a request's target, such as `/shodan/host/count?query=port%3A22`. @throws ApiError 400 for escapes that are none */
export function readTarget(target: string): Asked {
  const at = target.indexOf('?')
  const path = at < 0 ? target : target.slice(0, at)
  const parameters = new Map<string, string[]>()
  for (const pair of (at < 0 ? '' : target.slice(at + 1)).split('&')) {
    if (pair === '') continue
    const [name = '', ...value] = pair.split('=')
    const key = decoded(name)
    parameters.set(key, [...(parameters.get(key) ?? []), decoded(value.join('='))])
  }
  return { path: decoded(path, '%20').replace(/\/+$/, '') || '/', parameters }
}

/** A form's text: `+` is a space, and every escape is of UTF-8. */
function decoded(text: string, plus = ' '): string {
  try {
    return decodeURIComponent(text.replaceAll('+', plus === ' ' ? '%20' : '%2B'))
  } catch {
    throw new ApiError(400, 'The address of the request has an escape (%) that stands for no text')
  }
}

/** A parameter's only value. @throws ApiError 400 when it is there twice */
export function parameter({ parameters }: Asked, name: string): string | undefined {
  const values = parameters.get(name) ?? []
  if (values.length > 1) throw new ApiError(400, `The parameter "${name}" is there ${values.length} times`)
  return values[0]
}

/** A whole number. @throws ApiError 400 for anything else, and beyond the limits */
export function wholeParameter(asked: Asked, name: string, least: number, most: number): number | undefined {
  const text = parameter(asked, name)
  if (text === undefined) return undefined
  const value = Number(text)
  if (!/^\d{1,10}$/.test(text) || value < least || value > most)
    throw new ApiError(400, `The parameter "${name}" must be a whole number from ${least} to ${most}`)
  return value
}

/** `true` or `false`, as any language prints it. @throws ApiError 400 for anything else */
export function flagParameter(asked: Asked, name: string): boolean {
  const text = parameter(asked, name)?.toLowerCase()
  if (text === undefined || ['false', '0', ''].includes(text)) return false
  if (text === 'true' || text === '1') return true
  throw new ApiError(400, `The parameter "${name}" must be true or false`)
}
