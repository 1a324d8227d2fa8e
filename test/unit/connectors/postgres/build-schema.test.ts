import { expect, test } from 'vitest';
import { withRoles } from '../../../../connectors/postgres/build-schema.ts';

const MAP = { app: 'Stage App', ops: 'stage_ops' };

test.each([
  [
    "CREATE POLICY app ON public.app TO app USING (owner = 'app')",
    'CREATE POLICY app ON public.app TO "Stage App" USING (owner = \'app\')',
  ],
  [
    'CREATE POLICY p ON t AS PERMISSIVE FOR ALL TO app, "ops", PUBLIC USING (app > 1) WITH CHECK (ops)',
    'CREATE POLICY p ON t AS PERMISSIVE FOR ALL TO "Stage App", "stage_ops", PUBLIC USING (app > 1) WITH CHECK (ops)',
  ],
  ["COMMENT ON TABLE t IS 'TO app'", "COMMENT ON TABLE t IS 'TO app'"],
  ['CREATE FUNCTION f() AS $x$ GRANT a TO app $x$', 'CREATE FUNCTION f() AS $x$ GRANT a TO app $x$'],
  ['CREATE POLICY p ON t TO other USING (true)', 'CREATE POLICY p ON t TO other USING (true)'],
])('a role is mapped where a role stands: %s', (sql, mapped) => {
  expect(withRoles(sql, ['app', 'ops'], MAP)).toBe(mapped);
});
