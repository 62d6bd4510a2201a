import t from 'tap'
import { inspectEveryPage } from '../support/gallery-inspection.ts'

t.test('WCAG 2.2 AA: every page, ko', { timeout: 170_000 }, (t) => inspectEveryPage(t, 'ko'))
