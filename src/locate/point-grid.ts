/** Positions in degrees (WGS 84), by index. */
export interface Points {
  readonly latitude: Float64Array
  readonly longitude: Float64Array
}

export interface PointGrid {
  /** Calls `visit` with the index and distance of every point within `km` of the position. */
  within(latitude: number, longitude: number, km: number, visit: (index: number, km: number) => void): void
}

/** A quarter of a degree: about 28 km, so that a search of 40 km reads some 25 cells. */
const cellsPerDegree = 4
const columns = 360 * cellsPerDegree
const rows = 180 * cellsPerDegree
const kmPerDegree = 111.195

/**
 * Points sorted into cells of equal angle. Distances are those of the equirectangular projection at the mean
 * latitude: off by less than 1 % below 300 km outside the polar circles, which is less than town centres are off.
 */
export function pointGrid(points: Points): PointGrid {
  const count = points.latitude.length
  const cellOf = Uint32Array.from({ length: count }, (_, index) => {
    const row = rowOf(points.latitude[index] ?? 0)
    return row * columns + columnOf(points.longitude[index] ?? 0)
  })
  // Compressed rows: the points of cell c are order[starts[c] .. starts[c + 1]].
  const starts = new Uint32Array(rows * columns + 1)
  for (const cell of cellOf) starts[cell + 1]! += 1
  for (let cell = 0; cell < rows * columns; cell++) starts[cell + 1]! += starts[cell]!
  const next = starts.slice()
  const order = new Uint32Array(count)
  cellOf.forEach((cell, index) => (order[next[cell]!++] = index))

  return {
    within(latitude, longitude, km, visit) {
      const reach = km / kmPerDegree
      const cosine = Math.cos((latitude * Math.PI) / 180)
      // The cosine half a degree of latitude further north, to first order: a cosine of every point costs too much.
      const cosineSlope = (-Math.sin((latitude * Math.PI) / 180) * Math.PI) / 360
      const narrowest = Math.cos((Math.min(89.9, Math.abs(latitude) + reach) * Math.PI) / 180)
      const top = rowOf(Math.min(90, latitude + reach))
      const width = Math.min(columns, 2 * Math.ceil((reach / narrowest) * cellsPerDegree) + 1)
      const left = columnOf(longitude) - ((width - 1) >> 1)
      for (let row = rowOf(Math.max(-90, latitude - reach)); row <= top; row++) {
        for (let step = 0; step < width; step++) {
          const cell = row * columns + ((left + step + columns) % columns)
          for (let at = starts[cell]!; at < starts[cell + 1]!; at++) {
            const index = order[at]!
            const north = points.latitude[index]! - latitude
            if (north > reach || north < -reach) continue
            let east = points.longitude[index]! - longitude
            if (east > 180) east -= 360
            else if (east < -180) east += 360
            const scaled = east * (cosine + cosineSlope * north)
            const distance = kmPerDegree * Math.sqrt(north * north + scaled * scaled)
            if (distance <= km) visit(index, distance)
          }
        }
      }
    },
  }
}

const rowOf = (latitude: number): number => Math.min(rows - 1, Math.floor((latitude + 90) * cellsPerDegree))
const columnOf = (longitude: number): number =>
  Math.min(columns - 1, Math.floor((((longitude + 540) % 360) - 180 + 180) * cellsPerDegree))
