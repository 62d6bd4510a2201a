import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import t from 'tap'
import ts from 'typescript'

const files = execFileSync('git', ['ls-files', 'src/*.ts', 'src/*.tsx'], { encoding: 'utf8' })
  .split('\n')
  .filter((file) => file !== '' && !file.startsWith('src/storage/prisma/'))

const literalsIn = (file: string): readonly string[] => {
  const found: string[] = []
  const walk = (node: ts.Node): void => {
    if (ts.isRegularExpressionLiteral(node)) found.push(node.text)
    ts.forEachChild(node, walk)
  }
  walk(ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest, true))
  return found
}

const length = 100_000
const units = [...'aA0 %=-.:/,;&?#@[{<"\\\n\0', 'a.', '1.', 'a ', 'a=', '=,', '%2', '://', 'eyJ']
/** Each ends in what matches nothing, so that whatever could be tried again is. */
const texts = units.map((unit) => `${unit.repeat(length / unit.length)}\n\0`)

// The square of this length takes many times what the run of the file may take: that is how it would be noticed.
t.test('D5 no regular expression looks at a long text again and again', async (t) => {
  const expressions = new Set(files.flatMap(literalsIn))
  t.ok(expressions.size > 100, `${expressions.size} expressions in ${files.length} files`)
  for (const expression of expressions) {
    const end = expression.lastIndexOf('/')
    const compiled = new RegExp(expression.slice(1, end), expression.slice(end + 1).replace('g', ''))
    for (const text of texts) {
      compiled.lastIndex = 0
      compiled.test(text)
    }
  }
})
