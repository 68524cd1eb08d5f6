// Two kinds of charts as single SVG files: bars with whiskers, and lines; both on a logarithmic axis, since figures of
// maps lie orders of magnitude apart. Colours follow the reader's light or dark setting; the background is drawn too,
// so that a page that knows only one of them stays readable.

const WIDTH = 880
const FONT = 13
const MARGIN = { top: 46, right: 96, bottom: 52 }

const STYLE = `
text{font:${FONT}px system-ui,sans-serif;fill:#1f2328}
.title{font-weight:600;font-size:15px}.axis{fill:#59636e;font-size:12px}
.ground{fill:#fff}.grid{stroke:#d1d9e0}.whisker{stroke:#1f2328;stroke-width:1.5}
.ours{fill:#0969da}.private{fill:#818b98}.shared{fill:#bf8700}.floor{fill:#d1d9e0}
.line{fill:none;stroke-width:1.5}.strong{stroke-width:3.5}
@media(prefers-color-scheme:dark){
text{fill:#f0f6fc}.axis{fill:#9198a1}.ground{fill:#0d1117}.grid{stroke:#3d444d}.whisker{stroke:#f0f6fc}
.ours{fill:#4493f8}.private{fill:#9198a1}.shared{fill:#d29922}.floor{fill:#3d444d}}`

// Told apart by eye on white and on black.
const COLOURS = [
  '#0969da',
  '#2da44e',
  '#cf222e',
  '#bf8700',
  '#8250df',
  '#bc4c00',
  '#1b7c83',
  '#d6409f',
  '#6e7781',
]

const escaped = (text: string): string =>
  text.replace(
    /[&<>"]/g,
    (sign) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[sign] as string,
  )

const rounded = (value: number): string => String(Math.round(value * 10) / 10)

const label = (value: number): string =>
  value >= 1e9
    ? `${value / 1e9}G`
    : value >= 1e6
      ? `${value / 1e6}M`
      : value >= 1e4
        ? `${value / 1e3}k`
        : `${value}`

const figureOf = (value: number): string =>
  value >= 100 ? Math.round(value).toLocaleString('en') : value.toPrecision(2)

interface Scale {
  readonly at: (value: number) => number
  readonly ticks: readonly number[]
}

/** Powers of ten, and their halves and fifths where there are few. */
const logScale = (values: readonly number[], from: number, to: number): Scale => {
  const [least, most] = [Math.min(...values), Math.max(...values)]
  const [low, high] = [
    Math.floor(Math.log10(least)),
    Math.max(Math.ceil(Math.log10(most)), Math.floor(Math.log10(least)) + 1),
  ]
  const steps = high - low <= 2 ? [1, 2, 5] : [1]
  const ticks = Array.from({ length: high - low + 1 }, (_, i) =>
    steps.map((step) => step * 10 ** (low + i)),
  ).flat()
  const at = (value: number): number => from + ((Math.log10(value) - low) / (high - low)) * (to - from)
  return { at, ticks: ticks.filter((tick) => tick <= 10 ** high).map((tick) => Number(tick.toPrecision(1))) }
}

const text = (x: number, y: number, content: string, more = ''): string =>
  `<text x="${rounded(x)}" y="${rounded(y)}"${more}>${escaped(content)}</text>`

const line = (x1: number, y1: number, x2: number, y2: number, name: string): string =>
  `<line x1="${rounded(x1)}" y1="${rounded(y1)}" x2="${rounded(x2)}" y2="${rounded(y2)}" class="${name}"/>`

const END = ' text-anchor="end"'
const MIDDLE = ' text-anchor="middle"'
const AXIS = ' class="axis"'

const chart = (title: string, height: number, body: readonly string[]): string =>
  [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${escaped(title)}">`,
    `<title>${escaped(title)}</title>`,
    `<style>${STYLE}</style>`,
    `<rect class="ground" width="${WIDTH}" height="${height}"/>`,
    text(16, 26, title, ' class="title"'),
    ...body,
    '</svg>\n',
  ].join('\n')

export interface Bar {
  readonly label: string
  readonly kind: 'ours' | 'private' | 'shared' | 'floor'
  readonly median: number
  readonly low: number
  readonly high: number
}

/** One bar below the other; the whiskers are the quartiles. */
export const bars = (title: string, axis: string, all: readonly Bar[]): string => {
  const step = 24
  const left = 16 + 7.2 * Math.max(...all.map((bar) => bar.label.length))
  const bottom = MARGIN.top + all.length * step
  const values = all.flatMap((bar) => [bar.median, bar.low, bar.high])
  const { at, ticks } = logScale(values, left, WIDTH - MARGIN.right)
  const grid = ticks.flatMap((tick) => [
    line(at(tick), MARGIN.top, at(tick), bottom, 'grid'),
    text(at(tick), bottom + 18, label(tick), MIDDLE + AXIS),
  ])
  const drawn = all.flatMap((bar, i) => {
    const y = MARGIN.top + i * step
    const middle = y + step / 2
    return [
      text(left - 8, middle + 4, bar.label, END),
      `<rect class="${bar.kind}" x="${rounded(left)}" y="${y + 4}" width="${rounded(Math.max(at(bar.median) - left, 1))}" height="${step - 8}"/>`,
      line(at(bar.low), middle, at(bar.high), middle, 'whisker'),
      text(Math.max(at(bar.high), at(bar.median)) + 6, middle + 4, figureOf(bar.median)),
    ]
  })
  const name = text((left + WIDTH - MARGIN.right) / 2, bottom + 38, axis, MIDDLE + AXIS)
  return chart(title, bottom + MARGIN.bottom, [...grid, ...drawn, name])
}

export interface Curve {
  readonly label: string
  readonly strong: boolean
  readonly values: readonly number[]
}

/** Values at named places, from left to right. */
export const lines = (
  title: string,
  places: readonly string[],
  axes: readonly [string, string],
  all: readonly Curve[],
): string => {
  const [left, right] = [70, WIDTH - 190]
  const bottom = 400
  const { at, ticks } = logScale(
    all.flatMap((curve) => curve.values),
    bottom,
    MARGIN.top,
  )
  const x = (place: number): number => left + (place / Math.max(places.length - 1, 1)) * (right - left)
  const grid = ticks.flatMap((tick) => [
    line(left, at(tick), right, at(tick), 'grid'),
    text(left - 8, at(tick) + 4, label(tick), END + AXIS),
  ])
  const names = places.map((place, i) => text(x(i), bottom + 18, place, MIDDLE + AXIS))
  const drawn = all.map((curve, i) => {
    const points = curve.values.map((value, place) => `${rounded(x(place))},${rounded(at(value))}`).join(' ')
    const colour = COLOURS[i % COLOURS.length] as string
    // Beyond the colours there are, the same again with dashes.
    const dashes = i < COLOURS.length ? '' : ' stroke-dasharray="6 4"'
    return `<polyline class="line${curve.strong ? ' strong' : ''}" stroke="${colour}"${dashes} points="${points}"/>`
  })
  // Names stand at the ends of their lines, moved apart where they would cover one another.
  const ends = all
    .map((curve, i) => ({ curve, i, y: at(curve.values.at(-1) as number) }))
    .sort((a, b) => a.y - b.y)
  let above = MARGIN.top - 14
  const keys = ends.map(({ curve, i, y }) => {
    above = Math.max(above + 16, y)
    const colour = COLOURS[i % COLOURS.length] as string
    const leader = `<line x1="${rounded(right)}" y1="${rounded(y)}" x2="${rounded(right + 14)}" y2="${rounded(above)}" stroke="${colour}"/>`
    return leader + text(right + 18, above + 4, curve.label)
  })
  const height = Math.max(bottom, above) + MARGIN.bottom
  const axis = [
    text((left + right) / 2, bottom + 38, axes[0], MIDDLE + AXIS),
    `<text class="axis" text-anchor="middle" transform="translate(16 ${(MARGIN.top + bottom) / 2}) rotate(-90)">${escaped(axes[1])}</text>`,
  ]
  return chart(title, height, [...grid, ...names, ...drawn, ...keys, ...axis])
}
