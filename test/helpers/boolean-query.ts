export type Test<T> = (subject: T) => boolean

/** How a query language writes what joins conditions. */
export interface Words {
  readonly and: string
  readonly or: string
  readonly not?: string
}

/** Reads conditions joined by words and parentheses: `not` binds closest, then `and`. @throws Error for anything else */
export function booleanQuery<T>(
  tokens: readonly string[],
  words: Words,
  condition: (take: () => string) => Test<T>,
): Test<T> {
  let at = 0
  const take = (): string => tokens[at++] ?? ''
  const isNext = (token: string | undefined): boolean => token !== undefined && tokens[at] === token && ++at > 0
  const list = (one: () => Test<T>, separator: string): readonly Test<T>[] => {
    const found = [one()]
    while (isNext(separator)) found.push(one())
    return found
  }
  const term = (): Test<T> => {
    if (isNext(words.not)) {
      const test = term()
      return (subject) => !test(subject)
    }
    if (!isNext('(')) return condition(take)
    const test = any()
    if (take() !== ')') throw new Error('a parenthesis is open')
    return test
  }
  const every = (): Test<T> => {
    const tests = list(term, words.and)
    return (subject) => tests.every((test) => test(subject))
  }
  const any = (): Test<T> => {
    const tests = list(every, words.or)
    return (subject) => tests.some((test) => test(subject))
  }
  const test = any()
  if (at < tokens.length) throw new Error(`${tokens[at]} is not expected`)
  return test
}

/** How often each key is there: most first, and equal counts in the order of their keys. */
export function tallied(keys: readonly (string | undefined)[]): readonly (readonly [key: string, count: number])[] {
  const counts = new Map<string, number>()
  for (const key of keys) if (key !== undefined) counts.set(key, (counts.get(key) ?? 0) + 1)
  return [...counts].toSorted(([a, many], [b, more]) => more - many || (a < b ? -1 : 1))
}
