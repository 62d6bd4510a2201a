/** Every colour there is. The ratios they must reach are computed in test/pages/colours.test.ts. */
export const light = {
  paper: '#faf8f4',
  card: '#ffffff',
  text: '#1c2321',
  muted: '#55605c',
  accent: '#1d5f56',
  'on-accent': '#ffffff',
  danger: '#a3261c',
  border: '#7d8782',
} as const

export type Palette = Readonly<Record<keyof typeof light, string>>

export const dark: Palette = {
  paper: '#151a19',
  card: '#1d2423',
  text: '#e9ece9',
  muted: '#a3aeaa',
  accent: '#7cc9bb',
  'on-accent': '#0f1514',
  danger: '#ff9d8f',
  border: '#6d7875',
}

export const customProperties = (palette: Palette): string =>
  Object.entries(palette)
    .map(([name, value]) => `--${name}:${value};`)
    .join('')
