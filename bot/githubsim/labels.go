package githubsim

import "encoding/json"

func (c *call) renderLabel(l *label) object { return c.s.labelJSON(c.repo, l) }

func listLabels(c *call) answer { return listed(c, c.repo.labels, c.renderLabel) }

func getLabel(c *call) answer {
	if l := c.repo.findLabel(c.vars["name"]); l != nil {
		return ok(c.renderLabel(l))
	}
	return notFound()
}

func createLabel(c *call) answer {
	var in struct{ Name, Color, Description string }
	if !c.decode(&in) {
		return badJSON
	}
	if in.Name == "" {
		return invalid("Label", "name", "missing_field")
	}
	if c.repo.findLabel(in.Name) != nil {
		return invalid("Label", "name", "already_exists")
	}
	if in.Color == "" {
		in.Color = "ededed"
	}
	l := &label{id: c.s.newID(), name: in.Name, color: in.Color, description: in.Description}
	c.repo.labels = append(c.repo.labels, l)
	c.s.emitRepo(c.repo, "label", "created", c.who.actor(), object{"label": c.renderLabel(l)})
	return created(c.renderLabel(l))
}

func patchLabel(c *call) answer {
	l := c.repo.findLabel(c.vars["name"])
	if l == nil {
		return notFound()
	}
	var in struct {
		NewName     *string `json:"new_name"`
		Color       *string `json:"color"`
		Description *string `json:"description"`
	}
	if !c.decode(&in) {
		return badJSON
	}
	changes := object{}
	for key, p := range map[string][2]*string{"name": {in.NewName, &l.name}, "color": {in.Color, &l.color}, "description": {in.Description, &l.description}} {
		if p[0] != nil && *p[0] != *p[1] {
			changes[key] = object{"from": *p[1]}
			*p[1] = *p[0]
		}
	}
	c.s.emitRepo(c.repo, "label", "edited", c.who.actor(), object{"label": c.renderLabel(l), "changes": changes})
	return ok(c.renderLabel(l))
}

func deleteLabel(c *call) answer {
	l := c.repo.findLabel(c.vars["name"])
	if l == nil {
		return notFound()
	}
	for n, x := range c.repo.labels {
		if x == l {
			c.repo.labels = append(c.repo.labels[:n:n], c.repo.labels[n+1:]...)
			break
		}
	}
	for _, i := range c.repo.issues {
		for n, x := range i.labels {
			if x == l {
				i.labels = append(i.labels[:n:n], i.labels[n+1:]...)
				break
			}
		}
	}
	c.s.emitRepo(c.repo, "label", "deleted", c.who.actor(), object{"label": c.renderLabel(l)})
	return noContent()
}

func issueLabels(c *call) answer {
	i, a := c.findIssue()
	if a.status != 0 {
		return a
	}
	return listed(c, i.labels, c.renderLabel)
}

// labelNames reads both forms of the body: a list, or an object with a list.
func (c *call) labelNames() ([]string, bool) {
	var list []string
	if json.Unmarshal(c.body, &list) == nil {
		return list, true
	}
	var in struct{ Labels []string }
	good := c.decode(&in)
	return in.Labels, good
}

func (c *call) changeLabels(change func(have, named []string) []string) answer {
	i, a := c.findIssue()
	if a.status != 0 {
		return a
	}
	named, good := c.labelNames()
	if !good {
		return badJSON
	}
	var have []string
	for _, l := range i.labels {
		have = append(have, l.name)
	}
	c.s.setLabels(c.repo, i, c.who.actor(), change(have, named))
	return ok(renderAll(i.labels, c.renderLabel))
}

func addLabels(c *call) answer {
	return c.changeLabels(func(have, named []string) []string {
		for _, n := range named {
			if !containsFold(have, n) {
				have = append(have, n)
			}
		}
		return have
	})
}

func replaceLabels(c *call) answer {
	return c.changeLabels(func(_, named []string) []string { return named })
}

func removeLabel(c *call) answer {
	i, a := c.findIssue()
	if a.status != 0 {
		return a
	}
	l := c.repo.findLabel(c.vars["name"])
	if l == nil || !contains(i.labels, l) {
		return fail(404, "Label does not exist")
	}
	var left []string
	for _, x := range i.labels {
		if x != l {
			left = append(left, x.name)
		}
	}
	c.s.setLabels(c.repo, i, c.who.actor(), left)
	return ok(renderAll(i.labels, c.renderLabel))
}
