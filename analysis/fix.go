package analysis

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"connlint/analysis/timeline"
	"connlint/reassembly"
)

// Remedy is what the section "How to fix" of a page says, in the form in which
// it can be chosen for the software that was seen:
//
//	General sentence, one line: what to change, whatever the software.
//
//	- Client: what to change if the client is the culprit.
//	- nginx, Apache: what to set there.
//	- nginx as client: what to set there if it is the client, as a proxy is.
//
//	Whatever else is worth saying.
//
// Names are those of [timeline.Product]; client, server, proxy and path are
// the roles. A line that goes on starts with two spaces.
type Remedy struct {
	General string
	items   []remedyItem
}

// remedyItem is one text for one product in one role. A role without a
// product goes for all; a product without a role for any.
type remedyItem struct {
	product timeline.Product
	role    Role
	text    string
}

const (
	// MaxGeneral is how long the general sentence may be, MaxItem the text of an
	// item, characters.
	MaxGeneral = 160
	MaxItem    = 240
	// maxFix is how long both together may be: beyond, the item stands alone.
	maxFix = 300
)

// ParseRemedy reads the section of a page. What can be read is returned with
// whatever errors there are.
func ParseRemedy(doc string) (*Remedy, error) {
	_, section, ok := strings.Cut(doc, "\n## How to fix\n")
	if !ok {
		return &Remedy{}, fmt.Errorf("no section \"How to fix\"")
	}
	section, _, _ = strings.Cut(section, "\n## ")
	general, rest, _ := strings.Cut(strings.TrimSpace(section), "\n\n")
	r := &Remedy{General: general}
	errs := []error{sentence("the general fix", general, MaxGeneral)}
	if strings.ContainsAny(general, "\n") || strings.HasPrefix(general, "-") {
		errs = append(errs, fmt.Errorf("the section starts with one line, the general fix"))
	}
	list, _, _ := strings.Cut(strings.TrimSpace(rest), "\n\n")
	if !strings.HasPrefix(list, "- ") {
		return r, errors.Join(errs...)
	}
	list = strings.ReplaceAll(list, "\n  ", " ")
	for _, line := range strings.Split(list, "\n") {
		errs = append(errs, r.add(line))
	}
	return r, errors.Join(errs...)
}

// add reads one item: names, a colon, a sentence.
func (r *Remedy) add(line string) error {
	heads, text, ok := strings.Cut(strings.TrimPrefix(line, "- "), ": ")
	if !ok || !strings.HasPrefix(line, "- ") {
		return fmt.Errorf("%q is no item; write: - nginx, Apache: what to set", line)
	}
	if err := sentence("the fix for "+heads, text, MaxItem); err != nil {
		return err
	}
	for _, head := range strings.Split(heads, ", ") {
		item, ok := headOf(head)
		if !ok {
			return fmt.Errorf("%q is no product and no role that fixes can be written for", head)
		}
		item.text = text
		for _, other := range r.items {
			if other.product == item.product && other.role == item.role {
				return fmt.Errorf("two fixes for %s", head)
			}
		}
		r.items = append(r.items, item)
	}
	return nil
}

// headOf reads "nginx", "nginx as client" or "Client".
func headOf(head string) (item remedyItem, ok bool) {
	name, as, hasRole := strings.Cut(head, " as ")
	if hasRole {
		if item.role = roleNamed(as); item.role == Nobody {
			return item, false
		}
	} else if role := roleNamed(strings.ToLower(name)); role != Nobody && name[0] >= 'A' && name[0] <= 'Z' {
		return remedyItem{role: role}, true
	}
	item.product, ok = timeline.ProductByName(name)
	return item, ok
}

func roleNamed(name string) Role {
	for _, r := range [...]Role{Client, Server, Proxy, Path} {
		if r.String() == name {
			return r
		}
	}
	return Nobody
}

// sentence reports what keeps a text from being one: it is printed by itself.
func sentence(what, text string, most int) error {
	switch n := utf8.RuneCountInString(text); {
	case text == "":
		return fmt.Errorf("%s is missing", what)
	case n > most:
		return fmt.Errorf("%s has %d characters, %d at most: %q", what, n, most, text)
	case !strings.HasSuffix(text, "."):
		return fmt.Errorf("%s ends without a full stop: %q", what, text)
	case strings.Count(text, "`")%2 != 0:
		return fmt.Errorf("%s has a backquote too many: %q", what, text)
	}
	return nil
}

// For is what to change when the culprit is role and has been seen to be one
// of products, the likeliest first: the general fix and that for the product,
// or the latter alone where both would be too long for a line or two. Nothing
// in it is from a packet.
func (r *Remedy) For(role Role, products ...timeline.Product) string {
	general := r.General
	if text, _ := r.find(timeline.UnknownProduct, role); text != "" {
		general = text
	}
	for _, p := range products {
		for ; p != timeline.UnknownProduct; p = p.Kin() {
			text, ok := r.find(p, role)
			if !ok {
				continue
			}
			text = p.String() + ": " + text
			if general == "" || utf8.RuneCountInString(general)+utf8.RuneCountInString(text) >= maxFix {
				return text
			}
			return general + " " + text
		}
	}
	return general
}

// find is the text for a product, if there is one: that for its role before
// that for any.
func (r *Remedy) find(p timeline.Product, role Role) (text string, ok bool) {
	for _, item := range r.items {
		if item.product != p || item.role != role && item.role != Nobody {
			continue
		}
		if item.role == role {
			return item.text, true
		}
		text, ok = item.text, true
	}
	return text, ok
}

// seen are the products of the culprit of a finding, as far as what is being
// judged tells, the likeliest first.
func (p *Pass) seen(culprit Role) []timeline.Product {
	if culprit == Proxy && p.route != nil {
		return []timeline.Product{p.route.Product}
	}
	if culprit != Client && culprit != Server {
		return nil
	}
	side := reassembly.Client
	if culprit == Server {
		side = reassembly.Server
	}
	switch {
	case p.engine.conn != nil:
		of := p.engine.conn.Products[side]
		if of == (timeline.Products{}) {
			of = p.engine.conn.Pair.Products[side]
		}
		return []timeline.Product{of.First, of.Behind, p.engine.conn.System(side)}
	case p.pair != nil:
		of := p.pair.Products[side]
		return []timeline.Product{of.First, of.Behind}
	case p.host != nil:
		if p.host.Role != side {
			return nil
		}
		return []timeline.Product{p.host.Products.First, p.host.Products.Behind, p.host.System()}
	}
	return nil
}
