package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/pflag"
)

// choice is a flag that takes one of several words.
type choice struct {
	value *string
	words []string
}

func oneOf(value *string, fallback string, words []string) *choice {
	*value = fallback
	return &choice{value, words}
}

// String is part of pflag.Value, as are Set and Type.
func (c *choice) String() string { return *c.value }

// Set takes a word of the list.
func (c *choice) Set(s string) error {
	if !slices.Contains(c.words, s) {
		return oneOfThese(c.words)
	}
	*c.value = s
	return nil
}

// Type is what help would call the value.
func (c *choice) Type() string { return "word" }

// choices is a flag that takes several words of a list, with commas between
// them or one at a time. The first one given replaces the default.
type choices struct {
	value *[]string
	words []string
	given bool
}

func someOf(value *[]string, fallback string, words []string) *choices {
	*value = []string{fallback}
	return &choices{value: value, words: words}
}

// String is part of pflag.Value, as are Set and Type.
func (c *choices) String() string { return strings.Join(*c.value, ",") }

// Set adds words of the list.
func (c *choices) Set(s string) error {
	if !c.given {
		c.given, *c.value = true, nil
	}
	for word := range strings.SplitSeq(s, ",") {
		if !slices.Contains(c.words, word) {
			return badWord{word, oneOfThese(c.words)}
		}
		*c.value = append(*c.value, word)
	}
	return nil
}

// Type is what help would call the value.
func (c *choices) Type() string { return "words" }

// period is a flag that takes a time; a number without a unit is seconds, as in
// tcpdump and timeout.
type period time.Duration

// aTime is a flag for a time, with its default.
func aTime(value *time.Duration, fallback time.Duration) *period {
	*value = fallback
	return (*period)(value)
}

// String is part of pflag.Value, as are Set and Type.
func (p *period) String() string { return time.Duration(*p).String() }

// Set takes a time such as 60s, 1m30s or 60.
func (p *period) Set(s string) error {
	d, err := time.ParseDuration(s)
	if err != nil {
		d, err = time.ParseDuration(s + "s")
	}
	*p = period(d)
	return err
}

// Type is pflag's own word, for which [invalidValue] has the hint.
func (p *period) Type() string { return "duration" }

// badWord is the one of several that is wrong.
type badWord struct {
	word string
	err  error
}

func (b badWord) Error() string { return b.err.Error() }

func oneOfThese(words []string) error {
	last := len(words) - 1
	return fmt.Errorf("it is one of %s and %s", strings.Join(words[:last], ", "), words[last])
}

// flagError is pflag's complaint as one line with a hint.
func flagError(err error, flags *pflag.FlagSet) error {
	if errors.Is(err, pflag.ErrHelp) {
		return err
	}
	if invalid, ok := errors.AsType[*pflag.InvalidValueError](err); ok {
		return invalidValue(invalid)
	}
	if unknown, ok := errors.AsType[*pflag.NotExistError](err); ok {
		return unknownFlag(unknown, flags)
	}
	if missing, ok := errors.AsType[*pflag.ValueRequiredError](err); ok {
		f := missing.GetFlag()
		value, _ := described(f)
		return fmt.Errorf("--%s needs a value: %s; connlint --help says more", f.Name, value)
	}
	return fmt.Errorf("%w; connlint --help lists the flags", err)
}

// invalidValue says what a flag takes.
func invalidValue(err *pflag.InvalidValueError) error {
	f, value := err.GetFlag(), err.GetValue()
	if bad, ok := errors.AsType[badWord](err); ok {
		value = bad.word
	}
	kind := map[string]string{
		"duration": "it is a time such as 60s",
		"int":      "it is a whole number",
		"uint32":   "it is a whole number, 0 or more",
		"uint16":   "it is a number up to 65535",
		"uint64":   "it is a number, 1 or more",
		"bool":     "it takes no value",
	}[f.Value.Type()]
	if kind == "" {
		kind = err.Unwrap().Error()
	}
	return fmt.Errorf("--%s %q: %s", f.Name, value, kind)
}

// oneDash looks for a long flag behind one dash. To pflag that is letters:
// -count would be -c with the value "ount".
func oneDash(args []string, flags *pflag.FlagSet) error {
	for _, arg := range args {
		if arg == "--" {
			break
		}
		name, _, _ := strings.Cut(arg, "=")
		if word := strings.TrimPrefix(name, "-"); len(word) > 1 && len(word) == len(name)-1 && flags.Lookup(word) != nil {
			return fmt.Errorf("unknown flag: %s; did you mean -%s?", name, name)
		}
	}
	return nil
}

// unknownFlag looks for the flag that was meant: a word with a slip in it, or
// a word behind one dash.
func unknownFlag(err *pflag.NotExistError, flags *pflag.FlagSet) error {
	name, said := err.GetSpecifiedName(), err.Error()
	if letters := err.GetSpecifiedShortnames(); len(letters) > 1 {
		name, _, _ = strings.Cut(letters, "=")
		said = "unknown flag: -" + name
	}
	var near []string
	flags.VisitAll(func(f *pflag.Flag) {
		if len(name) > 1 && (distance(name, f.Name) <= 1+len(name)/4 || strings.HasPrefix(f.Name, name)) {
			near = append(near, "--"+f.Name)
		}
	})
	if len(near) > 0 && len(near) <= maxNear {
		return fmt.Errorf("%s; %s", said, didYouMean(near))
	}
	return fmt.Errorf("%s; connlint --help lists the flags", said)
}
