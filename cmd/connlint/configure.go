package main

import (
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"

	"connlint/analysis"
)

// configure chooses the rules of a run and the thresholds that differ from
// their defaults.
func configure(o *options, all []*analysis.Rule) ([]*analysis.Rule, map[string]map[string]float64, error) {
	for _, glob := range append(o.enable[:len(o.enable):len(o.enable)], o.disable...) {
		if !matchesAny(glob, all) {
			return nil, nil, noRule(glob, all)
		}
	}
	var chosen []*analysis.Rule
	for _, r := range all {
		if (len(o.enable) == 0 || matches(o.enable, r)) && !matches(o.disable, r) {
			chosen = append(chosen, r)
		}
	}
	params := o.hosts(all)
	for _, s := range o.set {
		r, param, value, err := parseSetting(s, all)
		if err != nil {
			return nil, nil, fmt.Errorf("--set %s: %w", s, err)
		}
		if params[r.Name] == nil {
			params[r.Name] = map[string]float64{}
		}
		params[r.Name][param] = value
	}
	for name := range params {
		if !matches([]string{name}, chosen...) {
			delete(params, name) // a threshold of a rule that does not run
		}
	}
	return chosen, params, nil
}

// hosts are the settings of --time-wait and --ports: every rule that has a
// parameter of that name takes it.
func (o *options) hosts(all []*analysis.Rule) map[string]map[string]float64 {
	params := map[string]map[string]float64{}
	for name, value := range map[string]float64{"time_wait": o.timeWait.Seconds(), "ports": float64(o.ports)} {
		for _, r := range all {
			if value > 0 && slices.ContainsFunc(r.Params, func(p analysis.Param) bool { return p.Name == name }) {
				if params[r.Name] == nil {
					params[r.Name] = map[string]float64{}
				}
				params[r.Name][name] = value
			}
		}
	}
	return params
}

// matches reports whether a glob is the name, or the last part of the name,
// of one of the rules.
func matches(globs []string, rules ...*analysis.Rule) bool {
	for _, glob := range globs {
		if matchesAny(glob, rules) {
			return true
		}
	}
	return false
}

func matchesAny(glob string, rules []*analysis.Rule) bool {
	for _, r := range rules {
		for _, name := range [...]string{r.Name, r.ID()} {
			if ok, err := path.Match(glob, name); ok && err == nil {
				return true
			}
		}
	}
	return false
}

// parseSetting reads RULE.PARAM=VALUE. The value may carry the parameter's
// own unit: 30ms.
func parseSetting(s string, all []*analysis.Rule) (*analysis.Rule, string, float64, error) {
	name, text, ok := strings.Cut(s, "=")
	dot := strings.LastIndexByte(name, '.')
	if !ok || dot <= 0 {
		return nil, "", 0, fmt.Errorf("write it as RULE.PARAM=VALUE")
	}
	rule, param := name[:dot], name[dot+1:]
	r := ruleOf(rule, all)
	if r == nil {
		return nil, "", 0, noRule(rule, all)
	}
	for _, p := range r.Params {
		if p.Name != param {
			continue
		}
		v, err := strconv.ParseFloat(strings.TrimSpace(strings.TrimSuffix(text, p.Unit)), 64)
		if err != nil || v != v || v-v != 0 {
			return nil, "", 0, fmt.Errorf("%q is not a number; its unit is %s", text, p.Unit)
		}
		return r, param, v, nil
	}
	return nil, "", 0, fmt.Errorf("rule %s has no parameter %q; connlint rules %s lists them", r.Name, param, r.ID())
}

// ruleOf is the rule of that name or last part of a name; nil if there is
// none.
func ruleOf(name string, all []*analysis.Rule) *analysis.Rule {
	for _, r := range all {
		if name == r.Name || name == r.ID() {
			return r
		}
	}
	return nil
}

// noRule says that there is no such rule, and which names are near.
func noRule(name string, all []*analysis.Rule) error {
	hint := "connlint rules lists them"
	if near := nearest(name, all); len(near) > 0 {
		last := len(near) - 1
		if hint = "did you mean "; last > 0 {
			hint += strings.Join(near[:last], ", ") + " or "
		}
		hint += near[last] + "?"
	}
	return fmt.Errorf("no rule %q; %s", name, hint)
}
