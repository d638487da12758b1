import { HomingError } from '../errors.ts'

/** Loads a package that users install only when they need it. Fails with `module-missing`. */
export async function optionalModule<M>(
  name: string,
  wantedBy: string,
  load: () => Promise<M>,
): Promise<M> {
  try {
    return await load()
  } catch (cause) {
    throw new HomingError(
      'module-missing',
      `${wantedBy} needs the package ${name}, which could not be loaded; run: npm install ${name}`,
      { cause },
    )
  }
}
