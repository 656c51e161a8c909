package githubsim

import "sort"

func getRepo(c *call) answer {
	o := c.s.fullRepoJSON(c.repo)
	if c.who.user != nil {
		o["permissions"] = permissionFlags(c.repo.roleOf(c.who.user))
	}
	return ok(o)
}

func getLanguages(c *call) answer { return ok(c.repo.languages()) }
func getTopics(c *call) answer {
	return ok(object{"names": append([]string{}, c.repo.topics...)})
}

// collaborators are those with a role, by id.
func (r *Repo) people() []*Account {
	seen := map[*Account]bool{}
	for u := range r.collab {
		seen[u] = true
	}
	if r.owner.kind == kindUser {
		seen[r.owner] = true
	}
	for u := range r.owner.members {
		seen[u] = true
	}
	return sorted(seen)
}

func listCollaborators(c *call) answer {
	return listed(c, c.repo.people(), func(u *Account) object {
		o := c.s.accountJSON(u)
		role := c.repo.roleOf(u)
		o["permissions"], o["role_name"] = permissionFlags(role), role
		return o
	})
}

func isCollaborator(c *call) answer {
	if ranks[c.repo.roleOf(c.namedUser())] > 0 {
		return noContent()
	}
	return notFound()
}

func getPermission(c *call) answer {
	u := c.namedUser()
	if u == nil {
		return notFound()
	}
	role := c.repo.roleOf(u)
	if role == "" && !c.repo.private {
		role = "read"
	}
	if role == "" {
		role = "none"
	}
	// "permission" is the legacy coarse form: triage reads as read, maintain as write.
	coarse := map[string]string{"triage": "read", "maintain": "write"}[role]
	if coarse == "" {
		coarse = role
	}
	user := c.s.accountJSON(u)
	user["permissions"], user["role_name"] = permissionFlags(role), role
	return ok(object{"permission": coarse, "role_name": role, "user": user})
}

func listContributors(c *call) answer {
	if c.repo.head("") == "" {
		return noContent()
	}
	counts := map[*Account]int{}
	for _, k := range c.repo.store.history(c.repo.head(""), maxHistory, nil) {
		if u := c.s.byEmail(k.author.Email); u != nil {
			counts[u]++
		}
	}
	list := sorted(counts)
	sort.SliceStable(list, func(i, j int) bool { return counts[list[i]] > counts[list[j]] })
	return listed(c, list, func(u *Account) object {
		o := c.s.accountJSON(u)
		o["contributions"] = counts[u]
		return o
	})
}
