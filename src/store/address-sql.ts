/**
 * SQL for the text of an address (RFC 5952) that a column holds as a key: see observations.ts.
 * @param key an expression of type UUID
 */
export function addressText(key: string): string {
  const hex = `replace(${key}::VARCHAR, '-', '')`
  const octets = [25, 27, 29, 31].map((at) => `('0x' || substr(${hex}, ${at}, 2))::INTEGER`)
  const hextets = [1, 5, 9, 13, 17, 21, 25, 29].map(
    (at) => `coalesce(nullif(ltrim(substr(${hex}, ${at}, 4), '0'), ''), '0')`,
  )
  // The longest run of zeros, of equally long ones the first, is left out; one zero alone is not.
  const runs = [8, 7, 6, 5, 4, 3, 2].map((length) => {
    const run = `'(^|:)0(:0){${length - 1}}(:|$)'`
    return `WHEN regexp_matches(full_text, ${run}) THEN regexp_replace(full_text, ${run}, '::')`
  })
  return `CASE WHEN starts_with(${hex}, '00000000000000000000ffff') THEN concat_ws('.', ${octets.join(', ')})
    ELSE list_transform([concat_ws(':', ${hextets.join(', ')})], lambda full_text: CASE ${runs.join(' ')} ELSE full_text END)[1] END`
}
