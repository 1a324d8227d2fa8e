/** Writes the JSON Schema of understudy.yaml from the built zod schema; run by `npm run schema`. */
import { writeFileSync } from 'node:fs';
import { configJsonSchema } from '../dist/src/config/schema.js';

const file = new URL('../src/config/understudy.schema.json', import.meta.url);
writeFileSync(file, `${JSON.stringify(configJsonSchema(), null, 2)}\n`);
