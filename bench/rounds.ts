// Interleaving and ratios. A shared machine drifts by up to 2x within a minute, so no two competitors are ever
// compared by figures of different moments: all lanes of a scene run in each round, in an order that turns, and a
// ratio is taken within a round. Invariant: series[a][r] and series[b][r] were measured within one round r.

export interface Lane {
  /** One measurement, in nanoseconds an operation. */
  readonly measure: () => number | Promise<number>
}

export interface Spread {
  readonly median: number
  readonly low: number
  readonly high: number
  readonly min: number
  readonly max: number
}

/** Every second round runs backwards, and each starts with another lane: nobody always follows the same one. */
const orderOf = (count: number, round: number): number[] => {
  const order = Array.from({ length: count }, (_, place) => (place + round) % count)
  return round % 2 === 0 ? order : order.reverse()
}

/** series[lane][round] of nanoseconds an operation. */
export const interleave = async (lanes: readonly Lane[], rounds: number): Promise<number[][]> => {
  const series: number[][] = lanes.map(() => [])
  for (let round = 0; round < rounds; round++) {
    for (const place of orderOf(lanes.length, round)) {
      const price = await (lanes[place] as Lane).measure()
      ;(series[place] as number[]).push(price)
    }
  }
  return series
}

const quantile = (sorted: readonly number[], part: number): number => {
  const place = (sorted.length - 1) * part
  const below = sorted[Math.floor(place)] as number
  const above = sorted[Math.ceil(place)] as number
  return below + (above - below) * (place - Math.floor(place))
}

/** Median, quartiles and extremes. */
export const spread = (values: readonly number[]): Spread => {
  const sorted = values.toSorted((a, b) => a - b)
  const [low, median, high] = [0.25, 0.5, 0.75].map((part) => quantile(sorted, part)) as [
    number,
    number,
    number,
  ]
  return { median, low, high, min: sorted[0] as number, max: sorted.at(-1) as number }
}

/** over / under, round by round. */
export const ratio = (over: readonly number[], under: readonly number[]): Spread =>
  spread(over.map((price, round) => price / (under[round] as number)))
