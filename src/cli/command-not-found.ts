import type { Hook } from '@oclif/core';
import { nearest } from '../kernel/nearest.ts';
import { UnderstudyError } from '../kernel/errors.ts';

/** oclif's hook for an unknown command, named in package.json. */
export const commandNotFound: Hook.CommandNotFound = async ({ id, config }) => {
  const words = id.replaceAll(':', ' ');
  const meant = nearest(
    words,
    config.commandIDs.map((known) => known.replaceAll(':', ' ')),
  );
  throw new UnderstudyError('CLI_UNKNOWN_COMMAND', `There is no command \`${words}\`; nothing was done.`, {
    hint: meant === null ? 'See the commands with --help.' : `Write \`understudy ${meant}\` instead.`,
  });
};
