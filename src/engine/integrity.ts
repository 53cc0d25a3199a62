import type { MessageText } from './rule.ts';

/** What the gate says about itself, under the rule id `gate-integrity`. */
export const integrityMessages = {
  unknownName: {
    message: '{where} names {name}, which does not exist',
    why: 'a declaration about something that is not there guards nothing, and looks as if it did',
    help: 'correct the name, or remove the entry{candidates}',
  },
  ambiguousName: {
    message: '{where} names {name}, which may be {candidates}',
    why: 'a declaration that may be about one thing or another is about neither',
    help: 'write one of these names in full',
  },
  noSites: {
    message: '{rule} is configured, and found nothing to examine',
    why: 'a rule that looks at nothing passes whatever the code does',
    help: 'correct the options or the scope so that the rule sees the code it was meant for, or remove it',
  },
  noFiles: {
    message: '{what} matches no file',
    why: 'a pattern that matches nothing is a check that never runs',
    help: 'correct the pattern, or remove it',
  },
  staleEntry: {
    message: '{message}',
    why: 'an exception that nothing needs will one day excuse a new mistake',
    help: '{help}',
  },
  syntaxError: {
    message: 'the file does not parse: {detail}',
    why: 'what the parser had to guess, the rules may have missed',
    help: 'correct the syntax error',
  },
  unreadableFile: {
    message: 'the file cannot be read: {detail}',
    why: 'a file in scope that nobody looked at may hold anything',
    help: 'make the file readable, or take it out of the scope',
  },
  unresolved: {
    message: 'not resolved, so not judged: {what}',
    why: 'what runs there may do anything, also what the rules are there to prevent',
    help: 'have it declared where the program can see it, or check without --strict',
  },
  suppressionWithoutReason: {
    message: 'the suppression of {rules} gives no reason',
    why: 'without a reason nobody can tell later whether it still holds; it silences nothing until it has one',
    help: 'add ` -- ` and the reason: // ws-gate-disable-next-line {rules} -- <reason>',
  },
  suppressionWithoutRule: {
    message: 'the suppression names no rule',
    why: 'a suppression of everything also hides what nobody has looked at yet; it silences nothing',
    help: 'name the rule: // ws-gate-disable-next-line <rule> -- <reason>',
  },
  unusedSuppression: {
    message: 'the {kind} {rule} suppresses nothing',
    why: 'a suppression that outlives its finding will silence the next one in its place',
    help: 'remove {rule} from the comment, or the whole comment',
  },
  unknownRuleInSuppression: {
    message: 'the suppression names the unknown rule "{rule}"{hint}',
    why: 'a misspelt rule id silences nothing',
    help: 'correct the rule id; `ws-gate rules` lists them',
  },
  suppressionOfIntegrity: {
    message: 'gate-integrity cannot be suppressed',
    why: 'it reports that the gate cannot see; silencing it would leave a gate that passes blindly',
    help: 'mend what it reports, and remove it from the comment',
  },
  hatchWithoutReason: {
    message: 'the annotation {hatch} gives no reason',
    why: 'the reason is what a reviewer checks; without one the annotation has no effect',
    help: 'add ` -- ` and the reason: // ws-gate: {hatch} -- <reason>',
  },
  unknownDirective: {
    message: 'the comment holds the unknown directive "{directive}"{hint}',
    why: 'a misspelt directive has no effect, and nothing else would tell',
    help: 'use one of: {known}',
  },
  idleTag: {
    message: 'the tag {tag} is on nothing that it could be about',
    why: 'a tag that binds nothing reads as if something were held to it',
    help: 'put it in the comment right above the function, or remove it',
  },
  unpairedMarker: {
    message: '{marker} without {other}',
    why: 'where one of the two is missing there is no section, and nobody looks at what was meant to be one',
    help: 'add // ws-gate: {other}, or remove the marker',
  },
  nestedMarker: {
    message: '{marker} in a section that has begun already',
    why: 'the next end closes the outer section, and what follows it belongs to none',
    help: 'end the first section before this one begins, or remove the marker',
  },
  crossingMarkers: {
    message: 'the section does not begin and end between statements of one block',
    why: 'control may come to one of the two ends without the other, so that it is not clear what is in between',
    help: 'put both markers between statements of the same block',
  },
  emptySection: {
    message: 'there is no statement between {begin} and {end}',
    why: 'a section that holds nothing protects nothing, and looks as if it did',
    help: 'move the markers around the statements that were meant, or remove them',
  },
} as const satisfies Record<string, MessageText>;

export type IntegrityMessageId = keyof typeof integrityMessages;
