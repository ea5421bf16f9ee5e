import { expect, test } from 'vitest'
import { mask } from './mask.ts'

const squeeze = (text: string) => text.replace(/ +/g, ' ').trim()

test('comments leave the text, strings leave the code, and nothing moves', () => {
  const source = "const a = 'x // y' // said\n/* b */ const c = `d ${e('f')} g`\n"
  const { text, code, strings } = mask(source)
  expect(squeeze(text)).toBe("const a = 'x // y' \n const c = `d ${e('f')} g`")
  expect(squeeze(code)).toBe("const a = ' ' \n const c = ` ${e(' ')} `")
  expect(squeeze(strings)).toBe('x // y \n d f g')
  for (const view of [text, code, strings]) expect(view).toHaveLength(source.length)
})

test('a pattern is no comment, and a division is no pattern', () => {
  expect(squeeze(mask('s.replace(/[/\'"]\\//g, x) // c').code)).toBe('s.replace(/ /g, x)')
  expect(squeeze(mask('a / b / c').code)).toBe('a / b / c')
  expect(squeeze(mask('return /\\{/.test(x)').code)).toBe('return / /.test(x)')
  expect(squeeze(mask('(a + b) / 2 // half').code)).toBe('(a + b) / 2')
})

test('braces inside a template expression do not end it', () => {
  expect(squeeze(mask('`a${ { b: `c${d}` }.b }e`').strings)).toBe('a c e')
})
