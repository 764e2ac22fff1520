/** What a region's figures may be divided by: people, or what is counted there instead. `addresses` and `slash24` are of IPv4. */
export const denominators = ['people', 'households', 'addresses', 'slash24'] as const
export type Denominator = (typeof denominators)[number]

/** Those that a table of the user's own gives. */
export const tabledDenominators = ['households', 'slash24'] as const satisfies readonly Denominator[]
export type TabledDenominator = (typeof tabledDenominators)[number]
