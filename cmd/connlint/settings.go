package main

import (
	"errors"
	"fmt"
	"math"
	"path"
	"strconv"
	"strings"

	"connlint/analysis"
)

// setting is one --set: the rules and the parameter it names, and the value
// as it was written, since each rule has a unit of its own.
type setting struct {
	rules []*analysis.Rule
	param string
	text  string
}

// set changes the parameters that a --set names.
func set(s string, all []*analysis.Rule, params map[string]map[string]float64) error {
	x, err := parseSetting(s, all)
	if err != nil {
		return err
	}
	for _, r := range x.rules {
		p := r.Param(x.param)
		v, err := inUnit(x.text, p.Unit)
		if err == nil {
			err = p.Check(v)
		}
		if err != nil {
			return err
		}
		if params[r.Name] == nil {
			params[r.Name] = map[string]float64{}
		}
		params[r.Name][x.param] = v
	}
	return nil
}

// parseSetting reads RULE.PARAM=VALUE. RULE is a name, its last part or a
// glob; of the rules that a glob matches, those count that have the parameter.
func parseSetting(s string, all []*analysis.Rule) (setting, error) {
	name, text, ok := strings.Cut(s, "=")
	dot := strings.LastIndexByte(name, '.')
	if !ok || dot <= 0 {
		return setting{}, errors.New("write it as RULE.PARAM=VALUE")
	}
	rule, param := name[:dot], name[dot+1:]
	x := setting{param: param, text: text}
	var named []*analysis.Rule
	for _, r := range all {
		if !matches([]string{rule}, r) {
			continue
		}
		named = append(named, r)
		if r.Param(param) != nil {
			x.rules = append(x.rules, r)
		}
	}
	switch {
	case len(named) == 0:
		return setting{}, noRule(rule, all)
	case len(x.rules) == 0:
		return setting{}, noParam(rule, param, named)
	}
	return x, nil
}

// noParam says that none of the rules has the parameter, and what they have.
func noParam(rule, param string, rules []*analysis.Rule) error {
	var near, has []string
	for _, r := range rules {
		for _, p := range r.Params {
			has = append(has, p.Name)
			if distance(param, p.Name) <= 1+len(param)/3 || p.Name == param+"_"+p.Unit {
				near = append(near, p.Name)
			}
		}
	}
	who := "no rule that matches " + rule + " has a"
	if len(rules) == 1 {
		who = "rule " + rules[0].Name + " has no"
	}
	switch {
	case len(has) == 0:
		return fmt.Errorf("%s parameter %q: there is none to set", who, param)
	case len(near) > 0:
		return fmt.Errorf("%s parameter %q; %s", who, param, didYouMean(near[:1]))
	case len(rules) == 1:
		return fmt.Errorf("%s parameter %q; it has %s", who, param, strings.Join(has, ", "))
	}
	return fmt.Errorf("%s parameter %q; connlint rules NAME has those of a rule", who, param)
}

// unit is a way to write a value: so many of the family's smallest.
type unit struct {
	name string
	size float64
}

// units are the families of units: within one, any will do.
var units = [...][]unit{
	{{"ns", 1}, {"us", 1e3}, {"µs", 1e3}, {"ms", 1e6}, {"s", 1e9}, {"min", 60e9}, {"m", 60e9}, {"h", 3600e9}},
	{{"bytes", 1}, {"B", 1}, {"kB", 1e3}, {"MB", 1e6}, {"GB", 1e9}, {"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}, {"K", 1 << 10}, {"M", 1 << 20}, {"G", 1 << 30}},
	{{"%", 1}, {"ratio", 100}},
	{{"count", 1}},
	{{"1/s", 1}, {"/s", 1}},
}

// inUnit reads a number with or without a unit and returns it in the unit
// that the parameter has.
func inUnit(text, want string) (float64, error) {
	family := familyOf(want)
	digits := strings.TrimRight(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZµ%/ ")
	if strings.HasSuffix(text, "1/s") {
		digits = strings.TrimSuffix(text, "1/s")
	}
	v, err := strconv.ParseFloat(strings.TrimSpace(digits), 64)
	if err != nil || math.IsNaN(v) || math.IsInf(v, 0) {
		return 0, fmt.Errorf("%q is not a number; its unit may be %s", text, written(family, want))
	}
	name := strings.TrimSpace(text[len(digits):])
	if name == "" {
		return v, nil
	}
	from, to := sizeOf(family, name), sizeOf(family, want)
	if from == 0 {
		return 0, fmt.Errorf("%q has a unit of another kind; it may be %s", text, written(family, want))
	}
	if from < to {
		return v / (to / from), nil // not v * (from / to): 0.001 is no exact number
	}
	return v * (from / to), nil
}

// familyOf are the units that can be turned into the one of that name.
func familyOf(name string) []unit {
	for _, family := range units {
		if sizeOf(family, name) > 0 {
			return family
		}
	}
	return []unit{{name, 1}}
}

// sizeOf is 0 for a unit that is not of the family. Letters may be of either
// case, since no two units of a family differ in it alone.
func sizeOf(family []unit, name string) float64 {
	for _, u := range family {
		if strings.EqualFold(u.name, name) {
			return u.size
		}
	}
	return 0
}

// written lists the units of a family, the parameter's own first.
func written(family []unit, want string) string {
	names := []string{want}
	for _, u := range family {
		if u.name != want {
			names = append(names, u.name)
		}
	}
	if len(names) == 1 {
		return names[0]
	}
	return strings.Join(names[:len(names)-1], ", ") + " or " + names[len(names)-1]
}

// matches reports whether one of the globs is the name of one of the rules,
// the last part of a name, or an area.
func matches(globs []string, rules ...*analysis.Rule) bool {
	for _, r := range rules {
		for _, glob := range globs {
			if strings.TrimSuffix(glob, "/") == areaOf(r) {
				return true
			}
			for _, name := range [...]string{r.Name, r.ID()} {
				if ok, err := path.Match(glob, name); ok && err == nil {
					return true
				}
			}
		}
	}
	return false
}

// areaOf is the first part of a rule's name.
func areaOf(r *analysis.Rule) string {
	area, _, _ := strings.Cut(r.Name, "/")
	return area
}
