import t from 'tap'
import { dark, light, type Palette } from '../../src/pages/colours.ts'

/** WCAG 2.2, "relative luminance". */
const luminance = (colour: string): number => {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const channel = Number.parseInt(colour.slice(at, at + 2), 16) / 255
    return channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4
  })
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue
}

const contrast = (one: string, other: string): number => {
  const [low = 0, high = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b)
  return (high + 0.05) / (low + 0.05)
}

t.test('the measure itself: black on white is 21, and grey #777 on white just fails AA', async (t) => {
  t.equal(Math.round(contrast('#000000', '#ffffff')), 21)
  t.ok(contrast('#777777', '#ffffff') < 4.5)
})

const demands: readonly (readonly [keyof Palette, keyof Palette, number])[] = [
  ['text', 'paper', 7],
  ['text', 'card', 7],
  ['on-accent', 'accent', 7],
  ['muted', 'paper', 4.5],
  ['muted', 'card', 4.5],
  ['accent', 'paper', 4.5],
  ['accent', 'card', 4.5],
  ['danger', 'paper', 4.5],
  ['danger', 'card', 4.5],
  ['border', 'paper', 3],
  ['border', 'card', 3],
]

for (const [name, palette] of Object.entries({ light, dark })) {
  t.test(`every colour of ${name} is told from what it lies on (WCAG 2.2 §1.4.3, §1.4.6, §1.4.11)`, async (t) => {
    for (const [front, back, least] of demands) {
      const ratio = contrast(palette[front], palette[back])
      t.ok(ratio >= least, `${front} on ${back}: ${ratio.toFixed(2)}, at least ${least}`)
    }
  })
}
