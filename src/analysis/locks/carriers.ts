import { membersOf, type Value } from './values.ts';

/** Whether a value brings a lock, a grant, or code that can lead to one. */
export function isCarrier(value: Value | undefined): boolean {
  return membersOf(value).some((member) => {
    switch (member.kind) {
      case 'lock':
      case 'operation':
      case 'releaser':
      case 'generator':
        return true;
      case 'closure':
        return !member.isOnlyWatched;
      case 'opaque':
        return member.settles !== undefined || member.tooMany === 'carriers';
      case 'promise':
        return (
          member.task.acquisitions.length > 0 ||
          member.task.outcomes.some(({ held, value: result }) => held.length > 0 || isCarrier(result))
        );
      case 'object':
        return member.isAnswer || [...member.properties.values()].some((part) => isCarrier(part));
      case 'instance':
        return [...member.fields.values()].some((part) => isCarrier(part));
      case 'collection':
        return isCarrier(member.element) || (member.items?.some((item) => isCarrier(item)) ?? false);
      default:
        return false;
    }
  });
}

/** Whether a value may be any of so many things, with locks among them, that nothing is known of it. */
export function isLost(value: Value | undefined): boolean {
  return membersOf(value).some((member) => member.kind === 'opaque' && member.tooMany === 'carriers');
}
